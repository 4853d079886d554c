/** The error of an AsyncAPI document that cannot be read: where it breaks which rule. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  /** The JSON pointer of the fault, such as `#/channels/unlock/address`. */
  readonly pointer: string
  /** What the document has to be like. */
  readonly rule: string

  constructor(pointer: string, rule: string) {
    super(`cannot read the document at ${pointer}: ${rule}`)
    this.pointer = pointer
    this.rule = rule
  }
}
