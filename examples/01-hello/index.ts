import { type Message, userProperty } from '@antiphon/core'
import { from, map } from 'rxjs'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const messages = ['Vienna', 'Berlin'].map((city): Message => ({
  topic: `greetings/${city.toLowerCase()}`,
  payload: encoder.encode(`hello ${city}`),
  qos: 0,
  retain: false,
  dup: false,
  userProperties: [['sender', 'Antiphon']],
}))

from(messages)
  .pipe(
    map(({ topic, payload, userProperties }) => {
      const sender = userProperty(userProperties, 'sender') ?? 'nobody'
      return `${topic}: ${decoder.decode(payload)} (from ${sender})`
    }),
  )
  .subscribe((line) => {
    console.log(line)
  })
