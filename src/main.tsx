import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import { createRoot } from 'react-dom/client';
import { startApp } from './state';
import './ui/tokens.css';
import './ui/shell/base.css';
import { App } from './ui/shell/App';

/** Shown to whoever comes without a link: the network with the most to ask about. */
const FIRST = 'flannel-vxlan';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
startApp(FIRST);
createRoot(root).render(<App />);
