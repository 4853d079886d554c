import type { Link } from '@antiphon/core'
import { useMemo, useState, type ReactElement } from 'react'
import { cities, linkText$, reading$ } from '../weather.js'
import { useObservable } from './use-observable.js'

/** Shows the state of the link, and the temperature of the selected city. */
export function App({ link }: { readonly link: Link }): ReactElement {
  const [city, setCity] = useState('')
  const state$ = useMemo(() => linkText$(link), [link])
  return (
    <>
      <p role="status">Link: {useObservable(state$, 'connecting')}</p>
      <label>
        City{' '}
        <select value={city} onChange={({ target }) => setCity(target.value)}>
          <option value="">none</option>
          {cities.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {city !== '' && <Temperature link={link} city={city} />}
    </>
  )
}

// The request is sent when this is mounted or gets another city, and cancelled when it is unmounted.
function Temperature({ link, city }: { readonly link: Link; readonly city: string }): ReactElement {
  const city$ = useMemo(() => reading$(link, city), [link, city])
  return <output>{useObservable(city$, 'waiting')}</output>
}
