import EmotionFormerCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// TensorFlow's SavedModel folders, which are not read: what to do with one. `Tools/export` says the same.
enum SavedModelFolder {
    /// The error for a folder that is one; nil for any other.
    static func fault(_ path: String) -> Fault? {
        guard FileManager.default.fileExists(atPath: "\(path)/saved_model.pb") else { return nil }
        let hasLayers = FileManager.default.fileExists(atPath: "\(path)/keras_metadata.pb")
        let advice =
            hasLayers
            ? "a .keras file for Tools/export, made in a Python that has tensorflow and tf_keras: \(toKeras(path))"
            : "a TensorFlow Lite file, made in a Python that has tensorflow: \(toTFLite(path))"
        return Fault(.unreadableFile, at: path, "a SavedModel folder is not read", expected: advice)
    }

    private static func toKeras(_ path: String) -> String {
        "python -c '" + #"import tf_keras; tf_keras.models.load_model(""# + path + #"", compile=False)"#
            + #".save("model.keras")"# + "'"
    }

    private static func toTFLite(_ path: String) -> String {
        "python -c '" + #"import tensorflow as tf; open("model.tflite", "wb").write(tf.lite.TFLiteConverter"#
            + #".from_saved_model(""# + path + #"").convert())"# + "'"
    }
}
