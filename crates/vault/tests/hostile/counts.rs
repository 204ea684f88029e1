//! Attacks by size: what would take long, take much memory, or not fit (G1).

use vault::bitcoin::{Amount, TxOut};
use vault::{INPUTS_MAX, PSBT_BYTES_MAX};

use crate::attack::attacks;
use crate::world::payee;

attacks! {
    #[test]
    fn oversize() BOTH Bytes "psbt-too-large", "sends more than is read";
    |_, mut bytes| { bytes.resize(PSBT_BYTES_MAX + 1, 0); bytes };

    #[test]
    fn oversize_as_text() BOTH Bytes "psbt-too-large", "sends more text than is read";
    |_, _| vec![b'!'; PSBT_BYTES_MAX * 2];

    #[test]
    fn fewer_input_maps_than_inputs() BOTH Changed "psbt-map-count", "leaves an input without its fields";
    |_, psbt| drop(psbt.inputs.pop());

    #[test]
    fn more_input_maps_than_inputs() BOTH Changed "psbt-map-count", "gives fields for an input that is not there";
    |_, psbt| { let again = psbt.inputs[0].clone(); psbt.inputs.push(again) };

    #[test]
    fn fewer_output_maps_than_outputs() BOTH Changed "psbt-map-count", "leaves an output without its fields";
    |_, psbt| drop(psbt.outputs.pop());

    #[test]
    fn more_output_maps_than_outputs() BOTH Changed "psbt-map-count", "gives fields for an output that is not there";
    |_, psbt| psbt.outputs.push(Default::default());

    #[test]
    fn no_inputs() BOTH Changed "tx-no-inputs", "spends nothing";
    |_, psbt| { psbt.unsigned_tx.input.clear(); psbt.inputs.clear() };

    #[test]
    fn too_many_inputs() BOTH Changed "tx-too-many-inputs", "makes checking slow with a thousand and one inputs", seen "CVE-2013-2292";
    |_, psbt| {
        let (txin, map) = (psbt.unsigned_tx.input[0].clone(), psbt.inputs[0].clone());
        psbt.unsigned_tx.input.resize(INPUTS_MAX + 1, txin);
        psbt.inputs.resize(INPUTS_MAX + 1, map);
    };

    #[test]
    fn as_many_inputs_as_there_may_be_and_all_the_same() BOTH Changed "input-duplicate", "spends one coin a thousand times";
    |_, psbt| {
        let (txin, map) = (psbt.unsigned_tx.input[0].clone(), psbt.inputs[0].clone());
        psbt.unsigned_tx.input.resize(INPUTS_MAX, txin);
        psbt.inputs.resize(INPUTS_MAX, map);
    };

    #[test]
    fn too_many_outputs() BOTH Changed "tx-too-many-outputs", "hides a payment among more outputs than anybody reads";
    |_, psbt| {
        let txout = TxOut { value: Amount::from_sat(1000), script_pubkey: payee() };
        psbt.unsigned_tx.output.resize(202, txout);
        psbt.outputs.resize(202, Default::default());
    };
}
