import { literalTemplate, topicTemplate } from '@antiphon/core/topic'
import { expect, it } from 'vitest'

it.each(['home/lamp', 'home/{1}/lamp', '{', '}}', '{a}/{b...}'])(
  'makes a template that is the topic %s',
  (topic) => {
    const template = topicTemplate(literalTemplate(topic))
    expect((template.format as (params: object) => unknown)({})).toEqual(topic)
  },
)
