public import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// The model package that comes with this product.
///
/// It was trained on synthetic faces alone: what it says of a real face is a guess, and was never measured on people. Its
/// card, with what was measured, is `Weights/EmotionFormer-Synthetic.md`.
public enum BundledModel {
    /// The package's name, as in `Weights/`.
    public static let name = "EmotionFormer-Synthetic"

    /// The bundled package, ready to predict.
    /// - Throws: `missingResource` if the package does not lie beside the executable; what `EmotionModel` throws.
    public static func load(
        options: EmotionModel.Options = EmotionModel.Options()
    ) throws(EmotionFormerError) -> EmotionModel {
        try EmotionModel(path: path(), options: options)
    }

    /// Where the package lies: in the resource bundle beside the executable, or in an app's resources.
    /// - Throws: `missingResource`, with the folders that were looked into.
    public static func path() throws(EmotionFormerError) -> String {
        do throws(Fault) {
            return try BundledResource.path(
                of: name, target: "EmotionFormerBundledModel", witness: "manifest.json", place: "bundled model",
                what: "the package")
        } catch {
            throw EmotionFormerError(error)
        }
    }
}
