//! How many steps the gate makes in a second on one core, in memory, and how much a pending transfer weighs.
//!
//! In processor time of one thread, on Linux. Steps include the clock's reading, judging, applying and what a record holds; attestations are sealed beforehand, as the shell
//! does it. Run by hand: `cargo bench -p gate`. Aims: 500 000 steps a second, under 2 KB for a pending transfer.
#![expect(clippy::print_stdout, clippy::indexing_slicing, clippy::unwrap_used, reason = "a benchmark")]

use credentials::{Class, ClassKey};
use gate::{Ask, Attestation, Command, Event, State};
use overt::{Author, Command as Overt};
use policy::Source;
use types::{
    ActorId, Amount, Currency, Hash, Identified, Moment, Nonce, Output, Payload, Target, Timestamp,
    TransferId, VaultId,
};

const RULES: &str = include_str!("rules.toml");
const TRANSFERS: usize = 100_000;

fn main() {
    let mut bench = Bench::founded();
    let transfers: Vec<Identified> = (0..TRANSFERS).map(transfer).collect();
    println!("seals are made beforehand; {TRANSFERS} transfers");
    let before = resident_bytes();
    let submits: Vec<Command> = transfers
        .iter()
        .map(|transfer| bench.command("alice", Overt::Submit(Box::new(transfer.clone()))))
        .collect();
    let ids: Vec<TransferId> = transfers.iter().map(Identified::id).collect();
    drop(transfers);
    let with_commands = resident_bytes();
    bench.run("submit (a limit, three permits, nothing pending before)", &submits);
    let pending = resident_bytes() - with_commands;
    println!(
        "{:>10} bytes resident for each pending transfer (commands themselves: {})",
        pending / TRANSFERS as u64,
        (with_commands - before) / TRANSFERS as u64
    );
    let encoded = bench.state.snapshot(&bench.key, &[1; 32], b"").unwrap().0.len();
    println!("{:>10} bytes in a snapshot for each pending transfer", encoded / TRANSFERS);
    drop(submits);
    let of = |bench: &Bench, by: &'static str, make: &dyn Fn(TransferId) -> Overt| -> Vec<Command> {
        ids.iter().map(|id| bench.command(by, make(*id))).collect()
    };
    let approvals = of(&bench, "bob", &|transfer| Overt::Approve { transfer });
    bench.run("first approval of each", &approvals);
    let approvals = of(&bench, "carol", &|transfer| Overt::Approve { transfer });
    bench.run("second approval of each", &approvals);
    let again = of(&bench, "carol", &|transfer| Overt::Approve { transfer });
    bench.run("refused: approved before", &again);
    let sign_ins: Vec<Command> = (0..TRANSFERS).map(|_| bench.command("david", Overt::Attend)).collect();
    bench.run("sign-in", &sign_ins);
    let cancels: Vec<Command> = of(&bench, "david", &|transfer| Overt::Cancel { transfer });
    bench.run("cancel of a tenth", &cancels[..TRANSFERS / 10]);
    bench.pass(49 * 3600);
    bench.ticks("decision of each (both readings, nobody coerced)");
    mix();
}

/// What an ordinary day is made of: sign-ins, submissions, approvals, quick payments that are decided at once.
fn mix() {
    let mut bench = Bench::founded();
    let mut commands = Vec::with_capacity(5 * TRANSFERS);
    for number in 0..TRANSFERS {
        let identified = transfer(number);
        let id = identified.id();
        commands.push(bench.command("alice", Overt::Attend));
        commands.push(bench.command("alice", Overt::Submit(Box::new(identified))));
        commands.push(bench.command("bob", Overt::Approve { transfer: id }));
        commands.push(bench.command("carol", Overt::Approve { transfer: id }));
        commands.push(bench.command("carol", Overt::Approve { transfer: id }));
    }
    bench.run("mix: sign-in, submit, approve, approve, refused", &commands);
}

struct Bench {
    state: State,
    key: ClassKey,
    steady: u64,
}

impl Bench {
    fn founded() -> Self {
        let mut bench = Self { state: State::default(), key: ClassKey::from_bytes([1; 32]), steady: 0 };
        let sources = vec![Source { name: "rules.toml".into(), text: RULES.into() }];
        bench.step(&Command::system(Ask::Tick));
        bench.step(&Command::system(Ask::Overt(Overt::Found { sources })));
        bench
    }

    fn moment(&self) -> Moment {
        let start = 1_763_600_000_000_000_000;
        let wall = Timestamp::from_nanos(start + i64::try_from(self.steady).unwrap());
        Moment { wall, steady: self.steady, boot: 1, entropy: [2; 32] }
    }

    fn step(&mut self, command: &Command) -> bool {
        let moment = self.moment();
        while gate::is_due(&self.state, &moment) {
            self.apply(&Command::system(Ask::Tick), &moment);
        }
        self.apply(command, &moment)
    }

    fn apply(&mut self, command: &Command, moment: &Moment) -> bool {
        let (events, outcome) = gate::step(&self.state, command, moment);
        events.iter().for_each(|event: &Event| self.state.apply(event));
        outcome.is_ok()
    }

    fn command(&self, by: &str, ask: Overt) -> Command {
        let by = Author::Actor(ActorId::parse(by).unwrap());
        let request = Hash([3; 32]);
        let attestation = Some(Attestation::seal(&self.key, Class::Free, &by, &request, &[4; 32]));
        Command { by, ask: Ask::Overt(ask), request, idempotency: None, attestation, used: None }
    }

    fn run(&mut self, what: &str, commands: &[Command]) {
        let start = processor_nanos();
        let mut done = 0;
        for command in commands {
            self.steady += 1_000_000;
            done += usize::from(self.step(command));
        }
        report(what, commands.len(), done, start);
    }

    fn pass(&mut self, seconds: u64) {
        self.steady += seconds * 1_000_000_000;
    }

    fn ticks(&mut self, what: &str) {
        let (start, moment) = (processor_nanos(), self.moment());
        let mut count = 0;
        while gate::is_due(&self.state, &moment) {
            self.apply(&Command::system(Ask::Tick), &moment);
            count += 1;
        }
        report(what, count, count, start);
    }
}

fn report(what: &str, count: usize, done: usize, start: u64) {
    let seconds = (processor_nanos() - start) as f64 / 1e9;
    println!("{:>10.0} steps/s  {what} ({done} of {count} accepted)", count as f64 / seconds);
}

fn transfer(number: usize) -> Identified {
    let btc = Currency::parse("EUR").unwrap();
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let payload = Payload {
        vault: VaultId::parse("warm").unwrap(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce(nonce),
        outputs: vec![Output {
            target: Target::Address(format!("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt{:03}", number % 1000)),
            amount: Amount::new(btc, 150_000),
        }],
        max_fee: Amount::new(btc, 0),
        memo: "supplier, second half".into(),
        reference: format!("INV-{number}"),
        refresh: false,
    };
    payload.identify().unwrap()
}

/// Processor time of this thread: what others do on the machine is not counted.
fn processor_nanos() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// Resident memory of this process.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident: u64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    resident * 4096
}
