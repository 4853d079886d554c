/** How the data of a command is written. */
export type RequestDataFormat = 'JSON' | 'TEXT' | 'BINARY'

/** The body of an invoke, as it travels. */
export interface Invocation {
  readonly requestDataFormat: RequestDataFormat
  /** The topic the device gets it on. */
  readonly requestEndpoint: string
  /** JSON: an object; TEXT: a string; BINARY: base64. @defaultValue nothing */
  readonly requestData?: unknown
  readonly requestDataContentType?: string
  /** To be delivered within this, ISO 8601. @defaultValue 'PT10M' */
  readonly requestDuration?: string
  /** The topic the device answers on; without it nobody waits for an answer. */
  readonly responseEndpoint?: string
  /** To be answered within this of its delivery, ISO 8601. @defaultValue 'PT10M' */
  readonly responseDuration?: string
}
