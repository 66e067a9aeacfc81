// Runs inside a container with the packages of this checkout mounted: a server of queues for the other containers.
import { startFauxqs } from '/opt/node_modules/fauxqs/dist/app.js'

const server = await startFauxqs({ host: '0.0.0.0', port: 4566, logger: false })
server.createQueue('orders', { attributes: { VisibilityTimeout: '60' } })
process.on('SIGTERM', () => process.exit(0))
console.log('ready')
