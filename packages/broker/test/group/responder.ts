import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { ignoredRequests$, requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { from, map, tap } from 'rxjs'
import { group, work } from './work.js'

// A member of the group as a program: tells what it begins and what it does, and does nothing before it is told to.
const { positionals } = parseArgs({ allowPositionals: true })
const [url = '', clientId = ''] = positionals
const link = connect(url, { clientId, clean: false, reconnect: { initial: 20, maximum: 50 } })
const toldToGo = once(process.stdin, 'data')

requests$(link, work, { group })
  .pipe(
    tap(({ value }) => console.log(`began ${value}`)),
    serve(
      ({ value }) =>
        from(toldToGo).pipe(
          map(() => value),
          tap(() => console.log(`did ${value}`)),
        ),
      {
        concurrency: 2_000,
      },
    ),
  )
  .subscribe()

ignoredRequests$(link).subscribe(({ reason }) => console.log(`again ${reason}`))
link.subscription$(`$share/${group}/${work.name}`).subscribe(({ filter }) => console.log(`ready ${filter}`))
