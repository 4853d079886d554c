import { requireArgument } from '../argument.js'
import { brand } from '../brand.js'
import type { UserProperties } from '../message.js'
import type { OptionRules } from '../option-rules.js'

const BRAND = 'antiphon.ResponseWithProperties'

/** Looked up once, because every response is checked for it. */
const brandSymbol = Symbol.for(BRAND)

/** The properties that a handler sets on the message of its response. */
export interface ResponseProperties {
  /** User Properties of the response; names that start with `__` are reserved. */
  readonly userProperties?: UserProperties
  /**
   * The Content Type of the response. Of a codec with several formats, it selects the one to encode with.
   * @defaultValue that of the codec
   */
  readonly contentType?: string
}

const responsePropertiesRules: OptionRules<ResponseProperties> = {
  userProperties: (value) =>
    Array.isArray(value) ? undefined : 'it must be an array of [name, value] pairs',
  contentType: 'string',
}

/** A response together with the properties of its message, created by `withProperties`. */
export interface ResponseWithProperties<Response> {
  readonly value: Response
  readonly properties: ResponseProperties
}

/** The class behind `ResponseWithProperties`; its brand keeps it apart from a response that has the same fields. */
class PropertiedResponse<Response> implements ResponseWithProperties<Response> {
  readonly value: Response
  readonly properties: ResponseProperties

  constructor(value: Response, properties: ResponseProperties) {
    this.value = value
    this.properties = properties
    brand(this, BRAND)
  }
}

/**
 * Adds User Properties and a Content Type to a response. A handler returns or emits the result in place of the response; a
 * duplicate of the request gets the same properties.
 *
 * @example
 * ```ts
 * serve(({ value }) => withProperties(measure(value), { userProperties: [['sensor', 'north']] }))
 * ```
 */
export function withProperties<Response>(
  value: Response,
  properties: ResponseProperties,
): ResponseWithProperties<Response> {
  requireArgument('properties', properties, responsePropertiesRules)
  return new PropertiedResponse(value, properties)
}

/** Whether a handler's response comes from `withProperties` of any copy of this package. */
export function hasProperties(response: unknown): response is ResponseWithProperties<unknown> {
  return typeof response === 'object' && response !== null && brandSymbol in response
}
