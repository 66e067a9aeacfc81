/** The type of what a shape lets through. */
export type ShapeValue<Of> = Of extends { readonly type: 'string'; readonly values: readonly (infer Value)[] }
  ? Value
  : Of extends { readonly type: 'list'; readonly of: infer Item }
    ? readonly ShapeValue<Item>[]
    : Of extends { readonly type: 'structure'; readonly members: infer Members }
      ? StructureValue<Members>
      : Of extends { readonly type: infer Type extends keyof PlainValues }
        ? PlainValues[Type]
        : never

interface PlainValues {
  readonly string: string
  readonly integer: number
  readonly timestamp: number
  readonly boolean: boolean
  readonly map: Readonly<Record<string, string>>
  readonly any: unknown
}

type StructureValue<Members> = {
  readonly [Name in keyof Members as Members[Name] extends { readonly foreign: true } ? never : Name]?: ShapeValue<
    Members[Name]
  >
}
