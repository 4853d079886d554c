import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { ignoredRequests$, requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { from, map, tap } from 'rxjs'
import { group, work } from './work.js'

// The program of a member: prints the requests that it starts and completes, and completes none before a line on stdin.
const { positionals } = parseArgs({ allowPositionals: true })
const [url = '', clientId = ''] = positionals
const link = connect(url, { clientId, clean: false, reconnect: { initial: 20, maximum: 50 } })
const mayProceed = once(process.stdin, 'data')

requests$(link, work, { group, acknowledge: 'after-response' })
  .pipe(
    tap(({ value }) => console.log(`started ${value}`)),
    serve(
      ({ value }) =>
        from(mayProceed).pipe(
          map(() => value),
          tap(() => console.log(`completed ${value}`)),
        ),
      {
        concurrency: 2_000,
      },
    ),
  )
  .subscribe()

ignoredRequests$(link).subscribe(({ reason }) => console.log(`ignored ${reason}`))
link.subscription$(`$share/${group}/${work.name}`).subscribe(({ filter }) => console.log(`ready ${filter}`))
