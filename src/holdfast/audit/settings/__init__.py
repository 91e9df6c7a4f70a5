"""Reading how a service is run: Dockerfiles, compose files, Kubernetes manifests, Procfiles, scripts."""
