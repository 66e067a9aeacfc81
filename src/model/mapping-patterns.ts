import { parseFunctionName } from './arn.ts'
import type { Pattern, Shape } from './mapping-shape.ts'

// The region is wider than AWS's: emulators make ARNs with regions of their own (`ddblocal`, `dynoxide`, `elasticmq`).
const arn = /^arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:[a-zA-Z0-9-]*:(\d{12})?:.*$/
const regionPrinted = String.raw`(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}`
const arnPrinted = String.raw`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:(${regionPrinted})?:(\d{12})?:(.*)`
export const sourcePattern: Pattern = {
  matches: (text) => arn.test(text) || /^(kinesis|dynamodb):[a-zA-Z0-9_.-]{1,255}$/.test(text),
  printed: arnPrinted,
}
export const functionPattern: Pattern = {
  matches: (text) => parseFunctionName(text) !== undefined,
  printed: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?(${regionPrinted}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
}
export const keyPattern: Pattern = {
  matches: (text) => text === '' || /^arn:aws[a-zA-Z-]*:[a-z0-9.-]+:.*$/.test(text),
  printed: String.raw`(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`,
}
const destinationPattern: Pattern = {
  matches: (text) => text === '' || arn.test(text) || /^kafka:\/\/[^.][a-zA-Z0-9\-_.]{0,248}$/.test(text),
  printed: String.raw`^$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|${arnPrinted}`,
}
const tagPattern: Pattern = {
  matches: (text) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text),
  printed: String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`,
}

export const tagsShape = {
  type: 'map',
  key: { type: 'string', lengthMin: 1, lengthMax: 128, pattern: tagPattern },
  value: { type: 'string', lengthMin: 0, lengthMax: 256, pattern: tagPattern },
} as const satisfies Shape

export const destinationShape = {
  type: 'structure',
  members: { Destination: { type: 'string', lengthMin: 0, lengthMax: 350, pattern: destinationPattern } },
} as const satisfies Shape
