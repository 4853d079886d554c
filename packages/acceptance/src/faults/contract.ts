import {
  endpoint,
  text,
  type Codec,
  type ContractTypes,
  type Correlation,
  type Endpoint,
} from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { left, right } from 'fp-ts/lib/Either.js'

/** What the responders answer: the request they were asked, and who they are. */
export interface Answer {
  readonly request: string
  readonly by: string
}

const mirrored = (word: string): string => [...word].reverse().join('')

/** Words with their mirror image, since nothing else would tell that bytes were changed on their way. */
const sealed: Codec<string> = mapCodec(text, {
  encode: (word) => `${word}|${mirrored(word)}`,
  decode: (said) => {
    const word = said.slice(0, (said.length - 1) / 2)
    return said === `${word}|${mirrored(word)}`
      ? right(word)
      : left(`expected words and their mirror image, found ${said}`)
  },
})

const answer: Codec<Answer> = mapCodec(sealed, {
  encode: ({ request, by }) => `${request} ${by}`,
  decode: (words) => {
    const [request = '', by = ''] = words.split(' ')
    return right({ request, by })
  },
})

type Work = ContractTypes<'acceptance/work', string, Answer, 'one', Correlation>

/** What is asked and answered: the request's own name. */
export const work: Endpoint<Work> = endpoint({ topic: 'acceptance/work', request: sealed, response: answer })

/** The group that the responders share. */
export const group = 'workers'

/** The name of the request in a message to the work's topic; `undefined` for what is no request or damaged. */
export function requestIn(payload: Uint8Array): string | undefined {
  const decoded = sealed.decode(payload)
  return decoded._tag === 'Right' ? decoded.right : undefined
}
