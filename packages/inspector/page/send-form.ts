import { h, type ComponentChild } from 'preact'
import { useState } from 'preact/hooks'
import type { Feed } from './feed.js'

/** Sends a request of an endpoint that the program has passed; its codec checks it before it is sent. */
export function SendForm({ feed }: { readonly feed: Feed }): ComponentChild {
  const [name, setName] = useState(feed.endpoints[0]?.name ?? '')
  const [params, setParams] = useState<Readonly<Record<string, string>>>({})
  const [value, setValue] = useState('')
  const endpoint = feed.endpoints.find((each) => each.name === name)
  const onSubmit = (event: Event): void => {
    event.preventDefault()
    const own = Object.fromEntries((endpoint?.parameters ?? []).map((each) => [each, params[each] ?? '']))
    feed.send({ endpoint: name, params: own, value })
  }
  return h(
    'form',
    { class: 'detail scroll send', 'aria-label': 'Send a request', onSubmit },
    h(
      'label',
      null,
      'Endpoint',
      h(
        'select',
        { value: name, onChange: (event: Event) => setName((event.target as HTMLSelectElement).value) },
        feed.endpoints.map((each) => h('option', { key: each.name, value: each.name }, each.name)),
      ),
    ),
    h('p', { class: 'muted' }, `${endpoint?.topic ?? ''}, ${endpoint?.contentType ?? ''}`),
    (endpoint?.parameters ?? []).map((each) =>
      h(
        'label',
        { key: each },
        each,
        h('input', {
          value: params[each] ?? '',
          onInput: (event: Event) =>
            setParams({ ...params, [each]: (event.target as HTMLInputElement).value }),
        }),
      ),
    ),
    h(
      'label',
      null,
      'Value',
      h('textarea', {
        rows: 6,
        value,
        onInput: (event: Event) => setValue((event.target as HTMLTextAreaElement).value),
      }),
    ),
    h('div', { class: 'buttons' }, h('button', { type: 'submit' }, 'Send')),
    h('pre', { role: 'status', tabIndex: 0 }, feed.result),
  )
}
