import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerLandmarks
import EmotionFormerTFLiteImport

extension FuzzTarget {
    /// A face landmarker's archive. MediaPipe's has 3.8 million bytes: what is tried here is the way up to the networks'
    /// shapes.
    static let task = FuzzTarget(
        name: "task",
        run: { bytes in
            do throws(Fault) {
                _ = try FaceLandmarkerModels(bytes, name: "input", PlanOptions(limits: ModelRun.limits))
            } catch {
                error.checkForm()
                return false
            }
            return true
        },
        mutate: { bytes, maximum, random in
            mutateBytes(&bytes, maximum: maximum)
            if random.chance(0.8) { sealArchive(&bytes) }
        })

    /// What a TensorFlow Lite file says about its inputs.
    static let metadata = FuzzTarget(name: "metadata") { bytes in
        do throws(Fault) {
            let found = try ModelMetadata(bytes)
            guard "\(found)" == "\(try ModelMetadata(bytes))" else {
                finding("metadata: the same bytes say two things")
            }
        } catch {
            error.checkForm()
            return false
        }
        return true
    }
}
