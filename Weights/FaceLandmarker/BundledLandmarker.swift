public import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
public import EmotionFormerLandmarks

/// MediaPipe's `face_landmarker.task`, which comes with this product. Its card is `Weights/FaceLandmarker/FaceLandmarker.md`.
///
/// ```swift
/// let landmarker = try FaceLandmarker(BundledLandmarker.load(), options: .init(runningMode: .video))
/// ```
public enum BundledLandmarker {
    public static let name = "face_landmarker.task"

    /// The networks of the bundled file.
    /// - Throws: `missingResource` if the file does not lie beside the executable; what ``FaceLandmarkerModels`` throws.
    public static func load(
        threads: Int = 1, instructionSet: EmotionModel.InstructionSet? = nil
    ) throws(EmotionFormerError) -> FaceLandmarkerModels {
        try FaceLandmarkerModels(path: path(), threads: threads, instructionSet: instructionSet)
    }

    /// Where the file lies: in the resource bundle beside the executable, or in an app's resources.
    /// - Throws: `missingResource`, with the folders that were looked into.
    public static func path() throws(EmotionFormerError) -> String {
        do throws(Fault) {
            return try BundledResource.path(
                of: name, target: "EmotionFormerBundledLandmarker", place: "bundled landmarker", what: "the file")
        } catch {
            throw EmotionFormerError(error)
        }
    }
}
