import { endpoint, json, type ContractTypes, type Correlation, type Endpoint } from '@antiphon/core'
import * as t from 'io-ts'

interface Asked {
  readonly id: number
  readonly city: string
}

interface Answered extends Asked {
  readonly degrees: number
}

const Question: t.Type<Asked> = t.type({ id: t.number, city: t.string })
const Reading: t.Type<Answered> = t.type({ id: t.number, city: t.string, degrees: t.number })

/** One question, one answer. */
export const reading: Endpoint<ContractTypes<'soak/reading', Asked, Answered, 'one', Correlation>> = endpoint(
  {
    topic: 'soak/reading',
    request: json(Question),
    response: json(Reading),
  },
)

/** One question, many answers. */
export const readings: Endpoint<ContractTypes<'soak/readings', Asked, Answered, 'many', Correlation>> =
  endpoint({
    topic: 'soak/readings',
    request: json(Question),
    response: json(Reading),
    responses: 'many',
  })

/** A question that nobody answers in time. */
export const silence: Endpoint<ContractTypes<'soak/silence', Asked, Answered, 'one', Correlation>> = endpoint(
  {
    topic: 'soak/silence',
    request: json(Question),
    response: json(Reading),
  },
)
