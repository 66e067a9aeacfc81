import { readSettings } from '../../src/config/settings-reader.ts'

/** What holds where nothing is given. */
export const defaultSettings = readSettings({ argv: [], env: {}, cwd: '/', object: '{}' })
