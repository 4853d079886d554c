/** One difference between two schemas. */
export interface SchemaChange {
  /** The path of the value, such as `$.command.id`; `[*]` is any item, `.*` any property. */
  readonly path: string
  /** `added` and `removed` are properties that a reader without knowledge of them ignores. */
  readonly kind: 'added' | 'narrower' | 'other' | 'removed' | 'wider'
  readonly text: string
}

/** Returns all names of several lists, each once, in the order of the first list that has it. */
export function unionOf(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())]
}
