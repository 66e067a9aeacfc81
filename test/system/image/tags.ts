/** The image under test, built from this checkout, and the base that its Dockerfile names. */
export const imageTag = 'millrace:test'
export const baseTag = 'node:24-slim'
