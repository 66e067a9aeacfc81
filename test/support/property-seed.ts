import fc from 'fast-check'

/**
 * Property tests draw anew on a developer's machine, and the same on every CI run: a run that fails can be repeated. A failure
 * prints its seed; MILLRACE_PROPERTY_SEED sets one.
 */
const told = process.env['MILLRACE_PROPERTY_SEED'] ?? (process.env['CI'] === undefined ? undefined : '20261121')
if (told !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(told) })
