/** The format of a command's data. */
export type RequestDataFormat = 'JSON' | 'TEXT' | 'BINARY'

/** The body of an `invokeRawCommand` request. */
export interface Invocation {
  readonly requestDataFormat: RequestDataFormat
  /** The topic that the command is published to. */
  readonly requestEndpoint: string
  /** JSON: an object, or its text by `rawJson`; TEXT: a string; BINARY: base64. @defaultValue an empty payload */
  readonly requestData?: unknown
  readonly requestDataContentType?: string
  /** The maximum time until delivery, ISO 8601. @defaultValue 'PT10M' */
  readonly requestDuration?: string
  /** The topic of the device's response; without it the platform awaits no response. */
  readonly responseEndpoint?: string
  /** The maximum time from delivery to response, ISO 8601. @defaultValue 'PT10M' */
  readonly responseDuration?: string
}
