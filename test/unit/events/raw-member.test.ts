import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rawMember } from '../../../src/events/raw-member.ts'

it.each([
  ['{"state":{"n":12345678901234567890}}', '{"n":12345678901234567890}'],
  [' {\n "a" : "},{" , "state" : { "x" : [1,{"y":"\\"}"}] } }', '{ "x" : [1,{"y":"\\"}"}] }'],
  ['{"state":1,"state":{}}', '{}'],
  ['{"st\\u0061te":[]}', '[]'],
  ['{"state":"\\\\"}', '"\\\\"'],
  ['{"a":true,"state":-1.5e3 ,"b":null}', '-1.5e3'],
  ['{"nested":{"state":1}}', undefined],
  ['{}', undefined],
])('the member of %s is found as it was written', (json, expected) => {
  expect(rawMember(json, 'state')).toBe(expected)
})

it('any member of any object is the text that parses to its value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 3), (object, indent) => {
      const json = JSON.stringify(object, null, indent)
      const parsed = JSON.parse(json)
      for (const name of Object.keys(parsed)) {
        expect(JSON.parse(rawMember(json, name) ?? '')).toEqual(parsed[name])
      }
      expect(rawMember(json, 'not there at all')).toBeUndefined()
    }),
  )
})
