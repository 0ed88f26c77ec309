use offhook_env::call::Call;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_simulator::tracking::{SlotTracker, TrackerConfig};
use offhook_env::belief::calibration::Group;
use offhook_simulator::world;
use std::time::Instant;
fn main() {
    for name in ["fraud_alert", "arrears_reminder", "insurance_renewal", "fund_notice", "compliance_followup", "merchant_promotion", "epidemic_survey"] {
        for (label, config) in [
            ("focus", TrackerConfig::FOCUS),
            ("slots", TrackerConfig { slots: SlotTracker::Calibrated, features: vec![] }),
            ("all", TrackerConfig { slots: SlotTracker::Calibrated, features: Group::ALL.to_vec() }),
        ] {
            let t = Instant::now();
            let loaded = match world::load_tracked(name, None, &config) { Ok(l) => l, Err(e) => { println!("{name} {label}: {e}"); continue } };
            let load = t.elapsed().as_secs_f64();
            let world = &*loaded.world;
            let sc = &*world.scenario;
            let script = sc.script();
            let n = sc.layout.n_actions();
            let t = Instant::now();
            let (mut ret, mut done, mut sat, mut turns, mut hang) = (0.0f64, 0.0, 0.0, 0u64, 0.0);
            let calls = 20000;
            // reliability of slots at end
            let mut rel = [[0f64; 3]; 10];
            let mut frel: std::collections::BTreeMap<String, [[f64; 3]; 4]> = Default::default();
            let mut used = [0f64; 6];
            for e in 0..calls {
                let mut call = Call::start(world, 9001, Stream::Evaluate, e);
                loop {
                    let a = script.best(call.belief.observation(sc), n);
                    let t = call.step(world, a);
                    turns += 1;
                    if let Some(s) = t.summary {
                        ret += s.return_ as f64;
                        done += (s.outcome.name() == "completed") as u8 as f64;
                        hang += (s.outcome.name() == "hung_up") as u8 as f64;
                        sat += (s.satisfaction >= 4) as u8 as f64;
                        break;
                    }
                    use offhook_env::call::customer::Customers as _;
                    let truth = world.customers.truth(call.customer());
                    if truth.right_person {
                        for k in 0..sc.names.slots.len() {
                            let b = call.belief.slot(k);
                            if b.value() != 255 && truth.slots[k] != 255 {
                                let r = &mut rel[((b.prob() * 10.0) as usize).min(9)];
                                r[0] += 1.0; r[1] += b.prob() as f64; r[2] += (b.value() == truth.slots[k]) as u8 as f64;
                            }
                        }
                        let u = 1.0 - call.mood(world).patience as f64; let b = call.belief.patience_used() as f64;
                        for (x, v) in used.iter_mut().zip([1.0, u, b, u * u, b * b, u * b]) { *x += v; }
                    }
                    for (f, feat) in sc.layout.features.iter().enumerate() {
                        if let Some(p) = call.belief.fact(sc, f) {
                            let bit = |s: u16, k: usize| s >> k & 1 == 1;
                            let name = &feat.name[7..];
                            let pos = |l: &[String], p: &str| l.iter().position(|n| n == &name[p.len()..]).unwrap();
                            let holds = if name == "right_person" { truth.right_person } else if name == "machine" { truth.machine }
                                else if name.starts_with("question.") { bit(truth.asked & !truth.answered, pos(&sc.names.questions, "question.")) }
                                else if name.starts_with("offer.") { bit(truth.accepted, pos(&sc.names.offers, "offer.")) }
                                else if name.starts_with("concern.") { bit(truth.concerns, pos(&sc.names.concerns, "concern.")) }
                                else if name == "unavailable" { truth.unavailable } else if name == "callback" { truth.callback_agreed }
                                else if name == "human" { truth.asked_human } else { truth.opted_out };
                            let code = call.belief.codes(sc)[f] as usize;
                            let r = &mut frel.entry(name.split('.').next().unwrap().to_owned()).or_default()[code];
                            r[0] += 1.0; r[1] += p as f64; r[2] += holds as u8 as f64;
                        }
                    }
                }
            }
            let c = calls as f64;
            println!("{name} {label}: return {:.3} done {:.2} sat {:.2} hang {:.2} | load {load:.2}s text {} features {} | {:.2} M turns/s", ret / c, 100.0 * done / c, 100.0 * sat / c, 100.0*hang/c,
                loaded.text.tracker.as_ref().map_or(0, |t| t.text.len()), sc.layout.n_features(), turns as f64 / t.elapsed().as_secs_f64() / 1e6);
            if name == "fraud_alert" || std::env::args().len() > 1 {
                for r in rel { if r[0] > 0.0 { print!("  [{:.0} p={:.3} true={:.3}]", r[0], r[1] / r[0], r[2] / r[0]); } }
                println!();
                for (k, v) in frel { print!("   {k}:"); for r in v { if r[0] > 0.0 { print!(" [{:.0} p={:.3} true={:.3}]", r[0], r[1] / r[0], r[2] / r[0]); } } println!(); }
                let [n, u, b, uu, bb, ub] = used; let cov = ub / n - u * b / n / n; let (vu, vb) = (uu / n - (u / n).powi(2), bb / n - (b / n).powi(2));
                println!("   patience used: mean {:.3} believed {:.3} r2 {:.3}", u / n, b / n, cov * cov / vu / vb.max(1e-9));
            }
        }
    }
}
