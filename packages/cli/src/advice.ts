import type { AntiphonError, ErrorCode } from '@antiphon/core'

/** What to do about the errors whose messages do not say it. */
const adviceOf: Readonly<Partial<Record<ErrorCode, string>>> = {
  'no-responder': 'is the responder running, and is the topic right? To wait for it, set --no-fail-fast',
  'publish-refused': 'check what the broker allows this user to publish',
  'subscribe-refused': 'check what the broker allows this user to subscribe to, or set --response-topic',
}

/** Returns the message of an error in one line, with what to do. */
export function messageOf({ code, rawMessage }: AntiphonError): string {
  const advice = adviceOf[code]
  const line = rawMessage
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    // The words of the library, in those of the command line.
    .replace(/give the endpoint the correlation .*/, 'set --correlation payload:<field>, topic or in-order')
    .replace(/slow down, or raise queue\..*/, 'send less at once: lower --concurrency, or split the payload')
  return advice === undefined || line.endsWith('?') ? line : `${line}: ${advice}`
}
