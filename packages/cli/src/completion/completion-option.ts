/** An option that a shell completes. */
export interface CompletionOption {
  readonly name: string
  readonly about: string
  /** Its values, if there are only a few. */
  readonly choices: readonly string[]
}

/** The options of each command. */
export type CompletionWords = ReadonlyMap<string, readonly CompletionOption[]>
