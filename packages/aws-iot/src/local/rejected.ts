/** The rejection of a request by a local service. */
export class Rejected extends Error {
  /** The HTTP status code of the Device Shadow service, or the name of an error of the other services. */
  readonly code: number | string
  /** Further fields of the rejection. */
  readonly fields: object

  constructor(code: number | string, message: string, fields: object = {}) {
    super(message)
    this.code = code
    this.fields = fields
  }
}
