import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeNumbers, type ClusterKind } from './cluster.js'
import type { DebianFolder } from './debian-folder.js'
import { distribution, startCluster } from './erlang-nodes.js'

const portOf = (node: number): number => 21_881 + node
const nameOf = (node: number): string => `antiphon-rabbit${node}@localhost`

/** RabbitMQ 4, with its MQTT sessions in quorum queues, which are replicated to all nodes. */
export const rabbitMq: ClusterKind = {
  name: 'RabbitMQ 4',
  sessionsOutliveNodes: true,
  note: 'mqtt.durable_queue_type = quorum: the queue of a session is replicated to all nodes. No QoS 2, no shared subscriptions.',
  start: (debian, size) =>
    startCluster({
      size,
      start: (node) => startNode(debian, node, size),
      port: portOf,
      url,
    }),
}

async function startNode(
  debian: DebianFolder,
  node: number,
  size: number,
): Promise<ReturnType<DebianFolder['start']>> {
  const { inside, outside } = await debian.folder(`rabbitmq${node}`)
  await writeFile(join(outside, 'rabbitmq.conf'), settings(node, size))
  await writeFile(join(outside, 'plugins'), '[rabbitmq_mqtt].\n')
  return debian.start(
    `${inside}/output.log`,
    {
      ...distribution(24_369),
      HOME: inside,
      RABBITMQ_NODENAME: nameOf(node),
      RABBITMQ_DIST_PORT: String(25_181 + node),
      RABBITMQ_CONFIG_FILE: `${inside}/rabbitmq.conf`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${inside}/plugins`,
      RABBITMQ_MNESIA_BASE: `${inside}/data`,
      RABBITMQ_LOG_BASE: `${inside}/log`,
      RABBITMQ_ERLANG_COOKIE: 'antiphon',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2',
    },
    ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
  )
}

function settings(node: number, size: number): string {
  return [
    'listeners.tcp = none',
    `mqtt.listeners.tcp.default = 127.0.0.1:${portOf(node)}`,
    'mqtt.allow_anonymous = true',
    'mqtt.durable_queue_type = quorum',
    // Nagle's algorithm would delay every response.
    'mqtt.tcp_listen_options.nodelay = true',
    'cluster_formation.peer_discovery_backend = classic_config',
    `cluster_formation.target_cluster_size_hint = ${size}`,
    ...nodeNumbers(size).map(
      (each) => `cluster_formation.classic_config.nodes.${each + 1} = ${nameOf(each)}`,
    ),
    'log.console = true',
    '',
  ].join('\n')
}

function url(node: number): string {
  return `mqtt://127.0.0.1:${portOf(node)}`
}
