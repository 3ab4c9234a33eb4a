//! T5, CLIP and their tokenizers against transformers.

use candle_core::DType;
use models::flux::{Layers, T5_TOKENS, T5Config, T5Encoder, T5Tokenizer, t5_name};
use models::store::Weights;
use models::{ClipText, ClipTextConfig};

use crate::files::{folder, formula_weights, golden, opened};
use crate::golden::device;

fn encoder(weights: &Weights) -> T5Encoder {
    let layers = Layers::open(weights, DType::F32, &device());
    T5Encoder::load(&T5Config::of(weights).unwrap(), &layers).unwrap()
}

#[test]
fn t5_is_transformers() {
    let golden = golden("t5");
    let weights = opened(&formula_weights("t5", |_, _| true));
    let encoder = encoder(&weights);
    assert_eq!(encoder.config().num_layers, 2);
    let hidden = encoder.forward(&golden.tensor("in.tokens")).unwrap();
    golden.expect("hidden", &hidden);
}

#[test]
fn t5_reads_what_gguf_packs_under_llama_cpps_names() {
    let golden = golden("t5");
    let weights = Weights::open([folder().join("t5.gguf")]).unwrap();
    assert!(weights.is_packed("enc.blk.0.attn_q.weight"));
    assert!(!weights.is_packed("enc.blk.0.attn_norm.weight"));
    let weights = weights.renamed(|name| Some(t5_name(name))).unwrap();
    let hidden = encoder(&weights)
        .forward(&golden.tensor("in.tokens"))
        .unwrap();
    golden.expect("hidden_packed", &hidden);
}

#[test]
fn the_embedding_may_bear_its_other_name() {
    let weights = opened(&formula_weights("t5", |_, _| true));
    let renamed =
        weights.renamed(|name| Some(name.replace("shared.weight", "encoder.embed_tokens.weight")));
    let tokens = golden("t5").tensor("in.tokens");
    let hidden = encoder(&renamed.unwrap()).forward(&tokens).unwrap();
    golden("t5").expect("hidden", &hidden);
}

#[test]
fn clips_pooled_output_is_transformers() {
    let golden = golden("clip");
    let config: ClipTextConfig = serde_json::from_value(golden.config.clone()).unwrap();
    let text = ClipText::load(&config, &golden.weights()).unwrap();
    golden.expect("pooled", &text.pooled(&golden.tensor("in.tokens")).unwrap());
}

#[test]
fn texts_are_cut_as_transformers_cuts_them() {
    let tokenizer = std::fs::read(folder().join("tokenizer.json")).unwrap();
    let tokenizer = T5Tokenizer::from_json(&tokenizer).unwrap();
    let cut = std::fs::read(folder().join("tokens.json")).unwrap();
    let cut: Vec<(String, Vec<u32>)> = serde_json::from_slice(&cut).unwrap();
    assert!(cut.len() > 30);
    for (text, mut expected) in cut {
        expected.resize(T5_TOKENS, 0);
        assert_eq!(tokenizer.tokens(&text).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_tokenizer_is_refused() {
    for broken in [
        "",
        "{",
        "{}",
        "{\"model\": {\"type\": \"Unigram\", \"vocab\": []}}",
    ] {
        let refused = T5Tokenizer::from_json(broken.as_bytes()).unwrap_err();
        assert!(refused.to_string().contains("tokenizer.json"), "{refused}");
    }
}
