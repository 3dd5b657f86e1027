/** The stage: machines, devices, cables, and the frames on them. */
import '@xyflow/react/dist/style.css';
import {
  Background,
  BackgroundVariant,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useOnViewportChange,
  useReactFlow,
  useStore,
  useStoreApi,
  type Node,
  type NodeTypes,
} from '@xyflow/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useApp, useNamespaces, useSteps } from '../../state';
import { broughtIntoView, FAR, fitTo, MAX_ZOOM, MIN_ZOOM } from './camera';
import { Card } from './Card';
import type { CensusReader } from './census';
import { DeviceChip, IpChip, PortChip, ProcessChip, SwitchBody } from './Chips';
import { Controls } from './Controls';
import { Director } from './director';
import { Legend } from './Legend';
import { centre } from './geometry';
import { SceneContext, useLive, useScene, type Detail, type Scene } from './live';
import { elementAt } from './moveFocus';
import { Overlay } from './Overlay';
import { roomKey, type ChipKind } from './plan';
import { BoundaryLabel, MachineRoom, PodRoom, RouterRoom } from './Rooms';
import { EmptyStage } from './States';
import styles from './stage.module.css';
import { useStrings } from './strings';
import { useStage } from './useStage';
import { Wires } from './Wires';

const NODE_TYPES: NodeTypes = {
  machine: MachineRoom,
  pod: PodRoom,
  router: RouterRoom,
  boundary: BoundaryLabel,
  wires: Wires,
  device: DeviceChip,
  bridge: DeviceChip,
  port: PortChip,
  socket: PortChip,
  ip: IpChip,
  process: ProcessChip,
  switch: SwitchBody,
};
const LAYER: Readonly<Record<ChipKind, number>> = {
  bridge: 1,
  switch: 3,
  device: 4,
  ip: 4,
  process: 4,
  port: 5,
  socket: 5,
};
const MANY_MACHINES = 8;
/** A machine narrower than this on the screen has no room for its whole name. */
const TINY_WIDTH = 76;
const NO_EDGES: never[] = [];

function nodesOf(scene: Scene, detail: Detail): Node[] {
  const fixed = { draggable: false, selectable: false, focusable: false, connectable: false } as const;
  const nodes: Node[] = [];
  for (const { id, shape, x, y, w, h } of scene.layout.rooms) {
    if (shape === 'switch' || (shape === 'pod' && detail !== 'near')) continue;
    nodes.push({
      id: `room ${id}`,
      type: shape,
      position: { x, y },
      width: w,
      height: h,
      zIndex: shape === 'pod' ? 1 : 0,
      data: { id },
      ...fixed,
    });
  }
  nodes.push({
    id: 'wires',
    type: 'wires',
    position: { x: 0, y: 0 },
    width: 1,
    height: 1,
    zIndex: 2,
    data: {},
    ...fixed,
  });
  for (const { id, shape, x, y, w, boundary } of scene.layout.rooms) {
    if (boundary === undefined || shape === 'pod' || detail !== 'near') continue;
    nodes.push({
      id: `boundary ${id}`,
      type: 'boundary',
      position: { x, y: y + boundary },
      width: w,
      height: 1,
      zIndex: 3,
      data: { id },
      ...fixed,
    });
  }
  for (const { key, kind, x, y, w, h } of scene.layout.chips) {
    if (detail !== 'near' && kind !== 'switch') continue;
    nodes.push({
      id: key,
      type: kind,
      position: { x, y },
      width: w,
      height: h,
      zIndex: LAYER[kind],
      data: { key },
      ...fixed,
    });
  }
  return nodes;
}

const reducedMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Fits on opening, on a new layout and while the window changes its size, until somebody moves the view. */
function useCamera(scene: Scene, director: Director) {
  const { setViewport, getViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const scenario = useApp(({ run }) => run.scenarioId);
  const { index } = useSteps();
  const moved = useRef(false);
  /** Set while a fit is on its way: the step need not be brought into view besides. */
  const fitted = useRef(false);
  const { size, rooms } = scene.layout;
  const standing = useMemo(() => rooms.filter(({ home }) => home === null).length, [rooms]);
  const latest = useRef({ director, index });
  useEffect(() => {
    latest.current = { director, index };
  }, [director, index]);
  const fit = useCallback(
    (duration: number) => {
      if (width === 0 || height === 0) return;
      moved.current = false;
      fitted.current = true;
      const focus = latest.current.director.stagePoints(latest.current.index).at(-1);
      void setViewport(fitTo(size, { width, height }, standing, focus), {
        duration: reducedMotion() ? 0 : duration,
      });
    },
    [size, width, height, standing, setViewport],
  );
  const shape = `${size.x} ${size.y} ${size.w} ${size.h} ${scenario ?? ''}`;
  const shapeSeen = useRef('');
  useEffect(() => {
    const isNew = shapeSeen.current !== shape;
    if (width === 0 || (moved.current && !isNew)) return;
    shapeSeen.current = shape;
    fit(0);
  }, [fit, shape, width]);
  useEffect(() => {
    const justFitted = fitted.current;
    fitted.current = false;
    if (width === 0 || justFitted) return;
    const view = broughtIntoView(director.stagePoints(index), getViewport(), { width, height });
    if (view) void setViewport(view, { duration: reducedMotion() ? 0 : 260 });
  }, [director, index, width, height, getViewport, setViewport]);
  const onMoveStart = useCallback((event: unknown) => {
    if (event !== null) moved.current = true;
  }, []);
  return { fit, onMoveStart };
}

function useDetail(scene: Scene): Detail {
  const widest = useMemo(
    () =>
      scene.layout.rooms.reduce(
        (least, { w, shape }) => (shape === 'machine' ? Math.min(least, w) : least),
        Infinity,
      ),
    [scene],
  );
  return useStore(({ transform: [, , zoom] }) =>
    zoom >= FAR ? 'near' : widest * zoom < TINY_WIDTH ? 'tiny' : 'far',
  );
}

/** Zoom for text that keeps its size on the screen; written past React, which need not know. */
function useZoomVariable() {
  const element = useRef<HTMLDivElement>(null);
  const write = useCallback(({ zoom }: { readonly zoom: number }) => {
    element.current?.style.setProperty('--zoom', String(zoom));
  }, []);
  useOnViewportChange({ onChange: write });
  return element;
}

/** Tab leads to one thing of the stage; where the keyboard goes, the view goes along. */
function useTabStop(scene: Scene, detail: Detail): void {
  const { setViewport, getViewport } = useReactFlow();
  const store = useStoreApi();
  const stop = useLive(({ tabStop }) => tabStop);
  useEffect(() => {
    const isThere = stop !== null && (detail === 'near' ? scene.chips.has(stop) : stop.startsWith('room '));
    if (isThere) return;
    const machine = scene.layout.rooms.find(({ shape }) => shape === 'machine');
    const first = detail === 'near' ? scene.layout.chips[0]?.key : machine && roomKey(machine.id);
    scene.live.set({ tabStop: first ?? null });
  }, [scene, detail, stop]);
  useEffect(() => {
    if (stop === null || elementAt(stop) !== document.activeElement) return;
    const box = scene.chips.get(stop) ?? scene.rooms.get(stop.slice('room '.length));
    const view = box && broughtIntoView([centre(box)], getViewport(), store.getState());
    if (view) void setViewport(view, { duration: reducedMotion() ? 0 : 180 });
  }, [scene, stop, store, getViewport, setViewport]);
}

function PacketList({ director, index }: { readonly director: Director; readonly index: number }) {
  const strings = useStrings();
  const words = director.words(index, strings);
  return (
    <ul className={styles.hidden} data-testid="packets" aria-label={strings.packets}>
      {words.map(({ frame, text, path }, i) => (
        <li key={i} data-frame={frame} data-path={path}>
          {text}
        </li>
      ))}
    </ul>
  );
}

/** Of many machines, when not all of them are in view. */
function MiniMapOfMany() {
  const strings = useStrings();
  const { layout } = useScene();
  const { w, h } = layout.size;
  const isCut = useStore(({ transform: [, , zoom], width, height }) => w * zoom > width || h * zoom > height);
  if (!isCut || layout.rooms.filter(({ shape }) => shape === 'machine').length <= MANY_MACHINES) return null;
  return (
    <MiniMap
      className={styles.map}
      ariaLabel={strings.map}
      pannable
      zoomable
      nodeColor={({ type }) =>
        type === 'machine' || type === 'router' || type === 'switch' ? 'var(--wire)' : 'transparent'
      }
      nodeBorderRadius={16}
      bgColor="var(--panel)"
      maskColor="var(--hover)"
    />
  );
}

interface SurfaceProps {
  readonly scene: Scene;
  readonly reader: CensusReader;
}
function Surface({ scene, reader }: SurfaceProps) {
  const strings = useStrings();
  const lang = useApp((state) => state.settings.lang);
  // What React Flow would say to screen readers in English, of keys that do nothing here.
  const aria = useMemo(
    () => ({
      'node.a11yDescription.default': strings.stageHelp,
      'node.a11yDescription.keyboardDisabled': strings.stageHelp,
      'edge.a11yDescription.default': '',
      'minimap.ariaLabel': strings.map,
    }),
    [strings],
  );
  const { steps, index } = useSteps();
  const selected = useApp(({ selection }) => selection.frame);
  const director = useMemo(() => new Director(scene.layout, steps, reader), [scene, steps, reader]);
  const { fit, onMoveStart } = useCamera(scene, director);
  const detail = useDetail(scene);
  const nodes = useMemo(() => nodesOf(scene, detail), [scene, detail]);
  const element = useZoomVariable();
  useEffect(() => {
    scene.live.set({ ...director.lights(index, lang), detail });
  }, [scene, director, index, lang, detail]);
  useTabStop(scene, detail);
  const step = steps[index];
  const isEmpty = useNamespaces().length === 0;
  return (
    <div
      ref={element}
      className={styles.surface}
      data-detail={detail}
      role="group"
      aria-label={strings.stage}
      aria-description={strings.stageHelp}
    >
      <ReactFlow
        nodes={nodes}
        edges={NO_EDGES}
        nodeTypes={NODE_TYPES}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        ariaLabelConfig={aria}
        panOnScroll={false}
        zoomOnDoubleClick={false}
        onlyRenderVisibleElements={nodes.length > 400}
        onMoveStart={onMoveStart}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} color="var(--dots)" />
        <MiniMapOfMany />
        <Overlay director={director} frame={selected ?? step?.frame ?? null} />
      </ReactFlow>
      <Card />
      <Legend />
      <Controls onFit={() => fit(240)} />
      <PacketList director={director} index={index} />
      {isEmpty ? <p className={styles.note}>{strings.emptyNow}</p> : null}
    </div>
  );
}

const NARROW = 560;
/** Width over height, rounded: dragging a divider does not arrange the machines anew at every pixel. */
function coarseAspect({ clientWidth, clientHeight }: Element): number {
  const aspect = clientWidth / Math.max(1, clientHeight);
  // On a phone one machine is as wide as the window; the view goes along with the packet.
  if (aspect < 0.8 || clientWidth < NARROW) return 0.5;
  if (aspect < 1.15) return 1;
  return aspect < 1.7 ? 1.4 : aspect < 2.6 ? 2 : 3;
}

export function Stage() {
  const [aspect, setAspect] = useState<number | null>(null);
  const observer = useRef<ResizeObserver | null>(null);
  const takeElement = useCallback((element: HTMLDivElement | null) => {
    observer.current?.disconnect();
    if (element === null) return;
    observer.current = new ResizeObserver(() => setAspect(coarseAspect(element)));
    observer.current.observe(element);
  }, []);
  const { scene, reader } = useStage(aspect ?? 1.4);
  return (
    <div ref={takeElement} className={styles.stage} data-testid="stage-view">
      {scene.layout.rooms.length === 0 || aspect === null ? (
        <EmptyStage />
      ) : (
        <SceneContext value={scene}>
          <ReactFlowProvider>
            <Surface scene={scene} reader={reader} />
          </ReactFlowProvider>
        </SceneContext>
      )}
    </div>
  );
}
