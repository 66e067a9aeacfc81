/** What an option of a type holds. A choice holds one of its values. */
interface ValueOfType {
  readonly text: string
  readonly texts: readonly string[]
  readonly integer: number
  readonly number: number
  readonly boolean: boolean
  readonly url: string
  readonly urls: string | readonly string[]
  readonly store: string
  readonly account: string
}

/** The type of a row's values. */
export type OptionValueOf<Row> = Row extends { readonly type: 'choice'; readonly values: readonly (infer Choice)[] }
  ? Choice
  : Row extends { readonly type: infer Type extends keyof ValueOfType }
    ? ValueOfType[Type]
    : never

/** What a table of options is read as, in the shape that the file has: `server.port` is the `port` of `server`. */
export type SettingsOf<Table> = Level<ByKey<Table>>

/** The rows by their keys in the file. Those that cannot stand there are left out. */
type ByKey<Table> = {
  readonly [
    Name in keyof Table as Table[Name] extends { readonly key: infer Key extends string } ? Key : never
  ]: Table[Name]
}

/**
 * The sections of a level, and its options: one that has no default may be missing. `infer` makes one object of the three parts, so
 * that errors and editors show its members.
 */
type Level<Rows> = { readonly [Name in SectionsOf<keyof Rows>]: Level<Below<Rows, Name>> } & {
  readonly [Key in keyof Rows as WithDefault<Rows, Key>]: OptionValueOf<Rows[Key]>
} & {
  readonly [Key in keyof Rows as Exclude<Here<Key>, WithDefault<Rows, Key>>]?: OptionValueOf<Rows[Key]>
} extends infer Whole
  ? { readonly [Key in keyof Whole]: Whole[Key] }
  : never

type SectionsOf<Key> = Key extends `${infer Section}.${string}` ? Section : never

type Here<Key> = Key extends `${string}.${string}` ? never : Key

type WithDefault<Rows, Key extends keyof Rows> = Rows[Key] extends { readonly default: unknown } ? Here<Key> : never

type Below<Rows, Section extends string> = {
  readonly [Key in keyof Rows as Key extends `${Section}.${infer Rest}` ? Rest : never]: Rows[Key]
}

/** What somebody gives of settings: every section and every option may be missing. */
export type Given<Settings> = {
  readonly [Key in keyof Settings]?: Settings[Key] extends Value | undefined ? Settings[Key] : Given<Settings[Key]>
}

type Value = ValueOfType[keyof ValueOfType]
