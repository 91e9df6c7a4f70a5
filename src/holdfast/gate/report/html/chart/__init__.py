"""Charts as inline SVG: drawn in unit coordinates and stretched, while text and patterns stay undistorted."""
