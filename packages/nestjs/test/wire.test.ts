import { nestEndpoint, nestWire } from '@antiphon/nestjs/wire'
import { from, lastValueFrom, toArray } from 'rxjs'
import { expect, it } from 'vitest'

it('names the topics of a pattern without an application of NestJS', () => {
  const { topic, responseTopic } = nestEndpoint('{"cmd":"sum"}')
  expect(topic.format({})).toBe('{"cmd":"sum"}')
  expect(responseTopic?.format({}).topic).toBe('{"cmd":"sum"}/reply')
})

it('puts values into messages and takes them out', async () => {
  const sent = nestWire.toSent('math/sum', [1, 2])
  expect(sent).toEqual({ pattern: 'math/sum', data: [1, 2] })
  expect(nestWire.dataOf(sent)).toEqual([1, 2])
  const one = await lastValueFrom(nestWire.toResponses(3).pipe(toArray()))
  expect(one).toEqual([{ response: 3, isDisposed: true }])
  const stream = await lastValueFrom(nestWire.toResponses(from([1, 2])).pipe(toArray()))
  expect(stream).toEqual([{ response: 1 }, { response: 2 }, { isDisposed: true }])
  expect(stream.flatMap((response) => nestWire.valuesOf(response))).toEqual([1, 2])
})
