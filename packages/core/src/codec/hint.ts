/** A type without values. In a compile error, its text says what to pass instead. */
export interface Hint<Text extends string> {
  readonly '~hint': readonly [Text, never]
}
