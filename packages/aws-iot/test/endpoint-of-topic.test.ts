import { endpointOfTopic } from '@antiphon/aws-iot'
import { expect, it } from 'vitest'

it.each([
  ['$aws/things/lamp/shadow/get', 'aws-iot get shadow', '$aws/things/lamp/shadow/get/+'],
  ['$aws/things/lamp/shadow/name/night/update', 'aws-iot update shadow', undefined],
  ['$aws/things/lamp/jobs/get', 'aws-iot pending jobs', undefined],
  ['$aws/things/lamp/jobs/start-next', 'aws-iot start next job', undefined],
  ['$aws/things/lamp/jobs/job-1/get', 'aws-iot describe job', undefined],
  ['$aws/things/lamp/jobs/$next/update', 'aws-iot update job', undefined],
  [
    '$aws/commands/clients/lamp/executions/e1/request/json',
    'aws-iot command',
    '$aws/commands/clients/lamp/executions/e1/response/json',
  ],
  [
    '$aws/commands/things/lamp/executions/e1/response/json',
    'aws-iot update command',
    '$aws/commands/things/lamp/executions/e1/response/+/json',
  ],
])('finds the endpoint of %s', (topic, name, filter = `${topic}/+`) => {
  const endpoint = endpointOfTopic(topic)
  expect(endpoint).toMatchObject({ name, topic: { template: topic, parameters: [] } })
  expect(endpoint?.responseTopic?.format({}).filter).toBe(filter)
})

it('keeps the parameters of a template', () => {
  const topic = '$aws/things/{thing}/shadow/name/{shadow}/delete'
  const params = { thing: 'lamp', shadow: 'night' }
  const endpoint = endpointOfTopic(topic)
  expect(endpoint?.topic.parameters).toEqual(['thing', 'shadow'])
  expect(endpoint?.responseTopic?.format(params)).toMatchObject({
    topic: '$aws/things/lamp/shadow/name/night/delete/accepted',
    failureTopic: '$aws/things/lamp/shadow/name/night/delete/rejected',
  })
})

it.each([
  '$aws/things/lamp/shadow',
  '$aws/things/lamp/shadow/update/delta',
  '$aws/commands/x/y/executions/z/request/json',
  'home',
])('finds no endpoint of %s', (topic) => {
  expect(endpointOfTopic(topic)).toBeUndefined()
})
