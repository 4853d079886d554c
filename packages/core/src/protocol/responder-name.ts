import { userProperty, type MessageProperties, type UserProperties } from '../message.js'

/** A message with User Properties. */
type HasUserProperties = Pick<MessageProperties, 'userProperties'>

/** The User Property that names the responder of a response. */
const NAME = '__srcId'

/** The User Property of a request whose responders must name themselves in each item. */
const GATHER = '__gather'

/** The User Properties of a request that gathers the streams of several responders. */
export const GATHERING: UserProperties = [[GATHER, '1']]

/** Whether a request gathers the streams of several responders. */
export function isGathering({ userProperties }: HasUserProperties): boolean {
  return userProperty(userProperties, GATHER) !== undefined
}

/** Returns the name of the responder of a response. */
export function responderOf({ userProperties }: HasUserProperties): string | undefined {
  return userProperty(userProperties, NAME)
}

/** Returns the User Property that names a responder. */
export function responderName(name: string): UserProperties[number] {
  return [NAME, name]
}
