/// The version that `--version` prints.
enum EmotionFormerVersion {
    static let current = "0.1.0"
}
