/** The configuration cannot be used. The message names the place (file and line, variable or flag), the key and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
