import { userProperty, type AntiphonError, type Codec, type Message } from '@antiphon/core'
import type { OperationsError } from '../operations-error.js'
import { CONTENT_TYPE, headerFault, malformedTimestamp, versionFault } from './message-headers.js'

/** What the check needs of the codec of responses. */
type ResponseCodec = Pick<Codec<unknown>, 'accepts'>

/** Carries the fault of a response through core, which replaces errors of its own class by copies. */
export class ResponseFault extends Error {
  readonly fault: OperationsError

  constructor(fault: OperationsError) {
    super(fault.rawMessage)
    this.fault = fault
  }
}

/** Returns the fault in an error of core that `checkResponse` has caused. */
export function responseFaultIn({ cause }: AntiphonError): OperationsError | undefined {
  return cause instanceof ResponseFault ? cause.fault : undefined
}

/** Returns the check of a response's headers, for `onResponse` of core. */
export function checkResponse(codec: ResponseCodec): (response: Message) => ResponseFault | undefined {
  return (response) => {
    const fault = versionFault(response) ?? statusFault(response) ?? timestampFault(response)
    const found = fault ?? (isFailure(response) ? undefined : contentTypeFault(response, codec))
    return found && new ResponseFault(found)
  }
}

function statusFault({ userProperties }: Message): OperationsError | undefined {
  const status = userProperty(userProperties, '__stat')
  if (status === undefined) return headerFault('__stat', undefined, 'a response must have a status')
  return /^\d{1,9}$/.test(status) ? undefined : headerFault('__stat', status, 'it must be a whole number')
}

function timestampFault(response: Message): OperationsError | undefined {
  const timestamp = malformedTimestamp(response)
  return timestamp === undefined
    ? undefined
    : headerFault('__ts', timestamp, 'it must be <15 digits>:<5 digits>:<node>')
}

function contentTypeFault({ contentType }: Message, codec: ResponseCodec): OperationsError | undefined {
  if (contentType === undefined || codec.accepts(contentType)) return undefined
  return headerFault(CONTENT_TYPE, contentType, 'the codec of the response does not read it')
}

function isFailure({ userProperties }: Message): boolean {
  return Number(userProperty(userProperties, '__stat')) >= 400
}
