import { invalidArgument } from '../argument.js'
import { topicTemplate } from '../topic/topic-template.js'

/** A field of the request payload that names the response topic, for peers without MQTT 5 properties. */
export interface ResponseTopicField<Field extends string> {
  readonly field: Field
  /**
   * The template of the response topic, whose one parameter is the value of the field, such as `{src}/rpc`.
   * @defaultValue the field has the whole topic
   */
  readonly template?: string
}

/** Converts between a response topic and the field of the request payload that names it. */
export interface ResponseTopicInField {
  readonly field: string
  /** Returns the value of the field. Throws if the response topic does not match the template. */
  readonly toField: (responseTopic: string) => string
  /** Returns the response topic that the value of the field names; `undefined` if it names none. */
  readonly fromField: (value: unknown) => string | undefined
}

/** In the place of a response topic that depends on a connection to come; the request is encoded again before it is sent. */
const NOT_KNOWN = 'not-known-yet'

/** Creates the conversion; throws `invalid-argument` if the template is invalid. */
export function responseTopicInField({
  field,
  template = '{topic...}',
}: ResponseTopicField<string>): ResponseTopicInField {
  const topics = topicTemplate<string>(template)
  const [name, second] = topics.parameters
  if (name === undefined || second !== undefined) {
    throw invalidArgument(
      `responseTopic.template is ${template}: it must have one parameter, the value of ${field}`,
    )
  }
  return {
    field,
    toField: (responseTopic) => {
      if (responseTopic === '') return NOT_KNOWN
      const value = topics.match(responseTopic)?.[name]
      if (value !== undefined) return value
      throw invalidArgument(
        `the response topic is ${responseTopic}: set the option responseTopic to one of the form ${template}`,
      )
    },
    fromField: (value) => {
      if (typeof value !== 'string') return undefined
      try {
        return topics.format({ [name]: value })
      } catch {
        return undefined
      }
    },
  }
}
