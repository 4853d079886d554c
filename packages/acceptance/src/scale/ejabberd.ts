import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeNumbers, type ClusterKind } from './cluster.js'
import type { DebianFolder, Environment } from './debian-folder.js'
import { distribution, startCluster } from './erlang-nodes.js'

const portOf = (node: number): number => 22_881 + node
const nameOf = (node: number): string => `antiphon-ejabberd${node}@localhost`

const shared: Environment = { ...distribution(24_370), ERL_LIBS: '/usr/lib/x86_64-linux-gnu' }
const erlang = (name: string): readonly string[] => [
  ...['erl', '-sname', name, '-setcookie', 'antiphon', '-noinput'],
  ...['-kernel', 'inet_dist_use_interface', '{127,0,0,1}', '+S', '2:2'],
]

/** ejabberd: all nodes know all subscriptions, but a session exists on one node only. */
export const ejabberd: ClusterKind = {
  name: 'ejabberd',
  sessionsOutliveNodes: false,
  note: 'A session dies with its node. No shared subscriptions.',
  start: (debian, size) =>
    startCluster({
      size,
      start: (node) => startNode(debian, node),
      port: portOf,
      url,
      ...(size > 1 && { join: () => joinAll(debian, size) }),
    }),
}

async function startNode(debian: DebianFolder, node: number): Promise<ReturnType<DebianFolder['start']>> {
  const { inside, outside } = await debian.folder(`ejabberd${node}`)
  await writeFile(join(outside, 'ejabberd.yml'), settings(node))
  return debian.start(
    `${inside}/output.log`,
    {
      ...shared,
      HOME: inside,
      EJABBERD_CONFIG_PATH: `${inside}/ejabberd.yml`,
      EJABBERD_LOG_PATH: `${inside}/ejabberd.log`,
    },
    [...erlang(nameOf(node)), '-mnesia', 'dir', `"${inside}/data"`, '-s', 'ejabberd'],
  )
}

/** Makes the other nodes join the first, and waits until the cluster has all nodes. */
async function joinAll(debian: DebianFolder, size: number): Promise<void> {
  const [first, ...others] = nodeNumbers(size).map((node) => `'${nameOf(node)}'`)
  const join = `fun(Node) -> ok = rpc:call(Node, ejabberd_cluster, join, [${first}]) end`
  const wait = `fun(Again) -> case length(rpc:call(${first}, ejabberd_cluster, get_nodes, [])) of
    ${size} -> halt(0);
    _ -> timer:sleep(200), Again(Again)
  end end`
  await debian.run({ ...shared, HOME: '/run/antiphon' }, [
    ...erlang('antiphon-join@localhost'),
    '-eval',
    `Wait = ${wait}, lists:foreach(${join}, [${others.join(', ')}]), Wait(Wait).`,
  ])
}

function settings(node: number): string {
  return [
    'hosts: ["localhost"]',
    'auth_method: [anonymous]',
    'anonymous_protocol: login_anon',
    'allow_multiple_connections: true',
    'listen:',
    `  - {port: ${portOf(node)}, ip: "127.0.0.1", module: mod_mqtt}`,
    'modules:',
    '  mod_mqtt:',
    '    max_queue: 100000',
    '',
  ].join('\n')
}

/** Returns the URL of a node; ejabberd accepts any user name and password. */
function url(node: number): string {
  return `mqtt://antiphon:any@127.0.0.1:${portOf(node)}`
}
