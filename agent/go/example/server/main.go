// SPDX-License-Identifier: Apache-2.0

// The example of the Go kit: a game server that the stage's editor and bots connect to. Players move, animals walk in
// circles, nobody shoots. Prints {"ready":true,"listen":"HOST:PORT"} once it is open.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"
	"sort"
	"sync/atomic"
	"syscall"
	"time"

	"quarterdeck"
	"quarterdeck/example/stagewire"
)

const (
	arenaM   = 120
	firstNPC = 10_000
	npcsAt1  = 8 // npc.density 1
)

type npc struct {
	state  stagewire.State
	centre stagewire.Vec
	phase  float64
}

type player struct {
	state stagewire.State
	queue stagewire.Queue
	depth int
	name  string
}

type game struct {
	tickHz int
	net    *stagewire.Server
	probe  *quarterdeck.Probe
	world  *stagewire.Map
	seed   uint32
	random stagewire.Random

	players map[uint32]*player
	npcs    []npc
	tick    int64
	states  []stagewire.State
	poses   []quarterdeck.Entity

	density, speed *quarterdeck.Param
	rate           *quarterdeck.Param
	busy, jitter   quarterdeck.Series
	count, clients quarterdeck.Series
	missing        quarterdeck.Series
	moved          *quarterdeck.Site
	drained        atomic.Bool
}

func (g *game) open(id, socket, secret, listen string) error {
	budget := 1e3 / float64(g.tickHz)
	probe, err := quarterdeck.Open(quarterdeck.Config{ID: id, Kind: quarterdeck.Server, TickHz: float64(g.tickHz),
		Socket: socket, Version: "example", ReconnectEvery: 200 * time.Millisecond,
		Labels: map[string]string{"environment": "stage", "language": "go"},
		OnPark: func(parked bool, _ time.Duration) { g.net.SetParked(parked) }})
	if err != nil {
		log.Print(err) // the game runs without
	}
	g.probe = probe
	g.busy = probe.DeclareSeries(quarterdeck.SeriesSpec{Name: "tick.duration", Unit: "ms", Scale: 6, Budget: &budget,
		Description: "Work of one tick"})
	g.jitter = probe.I64Series("tick.start_jitter", "ms", 6)
	g.count = probe.I64Series("npc.count", "count", 0)
	g.clients = probe.I64Series("net.clients", "count", 0)
	g.missing = probe.I64Series("input.missing", "count", 0)
	g.moved = probe.Site("player.moved", "player,x_m,y_m,speed_mps")
	if err = g.parameters(); err != nil {
		return err
	}
	g.net, err = stagewire.Listen(listen, secret, quarterdeck.Now)
	return err
}

func (g *game) parameters() (err error) {
	float := func(name, unit, what string, def, most float64) *quarterdeck.Param {
		m, wrong := g.probe.DeclareParam(quarterdeck.ParamSpec{Name: name, Unit: unit, Group: "npc", Description: what,
			Default: quarterdeck.Float(def), Min: quarterdeck.Float(0), Max: quarterdeck.Float(most), Step: quarterdeck.Float(0.1)})
		if wrong != nil {
			err = wrong
		}
		return m
	}
	g.density = float("npc.density", "", "Animals, as a multiple of eight", 1, 2)
	g.speed = float("npc.speed", "m/s", "How fast they walk", 2, 10)
	g.rate, _ = g.probe.DeclareParam(quarterdeck.ParamSpec{Name: "snapshot.hz", Unit: "Hz", Group: "net", Risk: quarterdeck.Guarded,
		Default: quarterdeck.Int(30), Min: quarterdeck.Int(1), Max: quarterdeck.Int(60), Description: "Snapshots a second"})
	wrong := g.probe.DeclareAction(quarterdeck.ActionSpec{Name: "match.drain", Description: "Ends the process in order",
		Risk: quarterdeck.Dangerous, Args: []quarterdeck.ArgSpec{{Name: "reason", Type: quarterdeck.StringType, Required: true}},
		Run: func(args map[string]quarterdeck.Value) (string, error) {
			if args["reason"].Text == "" {
				return "", errors.New("Say why.")
			}
			g.drained.Store(true)
			return "ends with this tick", nil
		}})
	if wrong != nil {
		err = wrong
	}
	return err
}

func (g *game) keepPopulation() {
	here := map[uint32]bool{}
	for _, p := range g.net.Players() {
		here[p.ID] = true
		if g.players[p.ID] == nil {
			g.players[p.ID] = &player{name: p.Name, state: stagewire.State{ID: p.ID, Alive: true, Health: 100, Teleports: 1,
				Pos: g.world.Spawn(&g.random)}}
			g.probe.Event("player.joined", quarterdeck.KV("player", quarterdeck.Int(int64(p.ID))), quarterdeck.KV("name", quarterdeck.Text(p.Name)))
			log.Printf("%s joined as player %d", p.Name, p.ID)
		}
	}
	for id, p := range g.players {
		if !here[id] {
			delete(g.players, id)
			g.probe.Event("player.left", quarterdeck.KV("player", quarterdeck.Int(int64(id))))
			log.Printf("%s left", p.name)
		}
	}
	wanted := int(math.Round(g.density.Float() * npcsAt1))
	for len(g.npcs) < wanted {
		g.npcs = append(g.npcs, npc{centre: g.world.Spawn(&g.random), phase: float64(len(g.npcs)),
			state: stagewire.State{ID: firstNPC + uint32(len(g.npcs)), NPC: true, Alive: true, Health: 50, Teleports: 1}})
	}
	g.npcs = g.npcs[:wanted]
}

func (g *game) step() {
	for id, inputs := range g.net.TakeInputs() {
		if p := g.players[id]; p != nil {
			for _, in := range inputs {
				p.queue.Push(in)
			}
		}
	}
	for _, p := range g.players {
		in, depth := p.queue.Take(g.tick, int64(g.tickHz))
		p.depth = depth
		p.state.Yaw = in.Yaw
		g.world.Step(&p.state, in, int64(g.tickHz))
		if g.moved.Enabled() {
			g.moved.Hit(quarterdeck.KV("player", quarterdeck.Int(int64(p.state.ID))),
				quarterdeck.KV("x_m", quarterdeck.Float(float64(p.state.Pos.X)/1e6)),
				quarterdeck.KV("y_m", quarterdeck.Float(float64(p.state.Pos.Y)/1e6)),
				quarterdeck.KV("speed_mps", quarterdeck.Float(math.Hypot(float64(p.state.Vel.X), float64(p.state.Vel.Y))/1e6)))
		}
	}
	const radius = 3e6
	for i := range g.npcs {
		n := &g.npcs[i]
		v := g.speed.Float() * 1e6
		n.phase += v / radius / float64(g.tickHz)
		sin, cos := math.Sincos(n.phase)
		n.state.Pos = stagewire.Vec{X: n.centre.X + int64(radius*cos), Y: n.centre.Y + int64(radius*sin)}
		n.state.Vel = stagewire.Vec{X: int64(-v * sin), Y: int64(v * cos)}
		n.state.Yaw = uint16(int64(math.Round((n.phase+math.Pi/2)*65536/2/math.Pi)) & 0xffff)
	}
}

func (g *game) publish(due int64) {
	f := &stagewire.Frame{Tick: g.tick, TickTimeNs: due, TickHz: g.tickHz, SnapshotHz: int(g.rate.Int()), MapSeed: g.seed,
		ArenaM: arenaM, Own: map[uint32]stagewire.State{}, Depth: map[uint32]int{}}
	g.states = g.states[:0]
	for id, p := range g.players {
		g.states = append(g.states, p.state)
		f.Own[id], f.Depth[id] = p.state, p.depth
	}
	for i := range g.npcs {
		g.states = append(g.states, g.npcs[i].state)
	}
	sort.Slice(g.states, func(i, j int) bool { return g.states[i].ID < g.states[j].ID })
	f.Entities = append(f.Entities, g.states...)
	g.net.Publish(f)
}

func (g *game) report(start, due int64) {
	ring := g.probe.Game()
	missing := uint64(0)
	for _, p := range g.players {
		missing += p.queue.Missing
	}
	ring.I64(g.jitter, start-due)
	ring.I64(g.count, int64(len(g.npcs)))
	ring.I64(g.clients, int64(len(g.players)))
	ring.I64(g.missing, int64(missing))
	if g.probe.Connected() {
		g.poses = g.poses[:0]
		for i := range g.states {
			s := &g.states[i]
			flags := uint32(quarterdeck.Player)
			if s.NPC {
				flags = quarterdeck.NPC
			}
			sin, cos := math.Sincos(float64(s.Yaw) * math.Pi / 65536)
			g.poses = append(g.poses, quarterdeck.Entity{ID: s.ID, Flags: flags | quarterdeck.Alive, X: s.Pos.X, Y: s.Pos.Y, Z: s.Pos.Z,
				VX: int32(s.Vel.X), VY: int32(s.Vel.Y), VZ: int32(s.Vel.Z), Rotation: [4]int16{0, 0, int16(sin * 32767), int16(cos * 32767)}})
		}
		g.probe.Entities(g.poses)
	}
	ring.I64(g.busy, quarterdeck.Now()-start)
}

func (g *game) run(quit <-chan os.Signal) {
	step := int64(time.Second) / int64(g.tickHz)
	for next := quarterdeck.Now(); ; {
		time.Sleep(time.Duration(next - quarterdeck.Now()))
		select {
		case <-quit:
			return
		default:
		}
		g.tick++
		start := g.probe.TickBegin(uint64(g.tick))
		g.keepPopulation()
		g.step()
		g.publish(next)
		g.report(start, next)
		parked := g.probe.TickEnd()
		if g.drained.Load() {
			return
		}
		next += step + int64(parked)
		if late := quarterdeck.Now() - next; late > 5*step {
			next += late
		}
	}
}

func main() {
	id := flag.String("id", "go-1", "stable name of this process")
	listen := flag.String("listen", "127.0.0.1:0", "UDP address of the game")
	socket := flag.String("socket", "", "the agent's probe socket (default $QUARTERDECK_SOCKET)")
	secret := flag.String("secret", "stage", "what clients sign with")
	hz := flag.Int("tick-hz", 60, "ticks a second")
	seed := flag.Uint("seed", 1, "of the map")
	flag.Parse()
	if *hz < 1 || *hz > 1000 {
		fmt.Fprintln(os.Stderr, "--tick-hz must be 1 to 1000.")
		os.Exit(2)
	}
	g := &game{tickHz: *hz, seed: uint32(*seed), random: stagewire.Random(*seed), players: map[uint32]*player{}}
	g.world = stagewire.NewMap(g.seed, arenaM)
	if err := g.open(*id, *socket, *secret, *listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log.SetOutput(quarterdeck.LogWriter(g.probe, quarterdeck.Info, "game", os.Stderr))
	stop := g.probe.RuntimeMetrics()
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGTERM, os.Interrupt)
	fmt.Printf("{\"ready\":true,\"listen\":%q,\"pid\":%d}\n", g.net.Address(), os.Getpid())
	g.run(quit)
	stop()
	g.probe.Close()
	g.net.Close()
}
