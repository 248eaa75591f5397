//! PRELOGIN, [MS-TDS] 2.2.6.5, and the choice of encryption that it settles.

use crate::{
    error::{Problem, ProtocolError},
    reader::Reader,
};

const ELEMENT: &str = "PRELOGIN";

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD_ID: u8 = 3;
const MARS: u8 = 4;
const TRACE_ID: u8 = 5;
const FED_AUTH_REQUIRED: u8 = 6;
const NONCE: u8 = 7;
const TERMINATOR: u8 = 0xff;

/// The options of a PRELOGIN message, a client's or a server's.
///
/// A server's goes out in a packet of type
/// [`PacketType::Response`](crate::packet::PacketType::Response).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prelogin {
    /// The sender's version.
    pub version: Option<Version>,
    /// What the sender says about TLS.
    pub encryption: Option<Encryption>,
    /// The instance that the client wants, as bytes that end in NUL. The server answers
    /// one byte, 0 when it is the one.
    pub instance: Option<Vec<u8>>,
    /// The client's thread, for debuggers; a server's is empty.
    pub thread_id: Option<u32>,
    /// Multiple active result sets: asked for, or granted.
    pub mars: Option<bool>,
    /// The client's connection id (16 bytes), activity id (16) and its sequence number (4).
    pub trace_id: Option<[u8; 36]>,
    /// Federated authentication: whether the sender wants it to be required.
    pub fed_auth_required: Option<u8>,
    /// Random bytes for federated authentication.
    pub nonce: Option<[u8; 32]>,
}

/// A version in PRELOGIN: major, minor, build and sub-build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version {
    /// For SQL Server 2022, 16.
    pub major: u8,
    /// Usually 0.
    pub minor: u8,
    /// The build.
    pub build: u16,
    /// The sub-build, of clients only.
    pub sub_build: u16,
}

/// The values of option ENCRYPTION.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Available, but off: TLS for the login only.
    Off = 0,
    /// Available and on.
    On = 1,
    /// Not available.
    NotSupported = 2,
    /// Required. Only servers say it.
    Required = 3,
}

/// What a server has set about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionPolicy {
    /// As the client asks.
    Supported,
    /// All of the connection, or none.
    Required,
}

/// How a connection goes on after PRELOGIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negotiated {
    /// In the clear, the login too.
    None,
    /// A TLS handshake; TLS ends after LOGIN7.
    LoginOnly,
    /// A TLS handshake; TLS stays.
    All,
    /// The server closes the connection after its PRELOGIN.
    Refuse,
}

/// Settles encryption by the table of [MS-TDS] 2.2.6.5: how the connection goes on, and
/// what the server's PRELOGIN says. A client that sends no ENCRYPTION has none.
pub fn negotiate(client: Option<Encryption>, server: EncryptionPolicy) -> (Negotiated, Encryption) {
    use Encryption::{NotSupported, Off, On, Required};
    match (client.unwrap_or(NotSupported), server) {
        (Off, EncryptionPolicy::Supported) => (Negotiated::LoginOnly, Off),
        (Off, EncryptionPolicy::Required) => (Negotiated::All, Required),
        (On | Required, _) => (Negotiated::All, On),
        (NotSupported, EncryptionPolicy::Supported) => (Negotiated::None, NotSupported),
        (NotSupported, EncryptionPolicy::Required) => (Negotiated::Refuse, Required),
    }
}

// === impl Prelogin ===

impl Prelogin {
    /// Reads a PRELOGIN message's payload. Options that [MS-TDS] doesn't know are skipped.
    ///
    /// # Errors
    /// When an option lies outside the message or has a length that isn't its own.
    pub fn decode(payload: &[u8]) -> Result<Self, ProtocolError> {
        let mut list = Reader::new(ELEMENT, payload);
        let mut prelogin = Self::default();
        loop {
            let token = list.u8()?;
            if token == TERMINATOR {
                return Ok(prelogin);
            }
            let [offset_high, offset_low, length_high, length_low] = list.array()?;
            let offset = u16::from_be_bytes([offset_high, offset_low]);
            let length = u16::from_be_bytes([length_high, length_low]);
            let mut at = list.seek(offset.into())?;
            let data = at.bytes(length.into())?;
            prelogin
                .option(token, &mut Reader::new(ELEMENT, data))
                .map_err(|error| error.within(offset.into()))?;
        }
    }

    fn option(&mut self, token: u8, data: &mut Reader<'_>) -> Result<(), ProtocolError> {
        match token {
            VERSION => {
                let [major, minor, build_high, build_low] = data.array()?;
                let build = u16::from_be_bytes([build_high, build_low]);
                self.version = Some(Version { major, minor, build, sub_build: data.u16()? });
            }
            ENCRYPTION => {
                self.encryption = Some(match data.u8()? {
                    0 => Encryption::Off,
                    1 => Encryption::On,
                    2 => Encryption::NotSupported,
                    3 => Encryption::Required,
                    0x80.. => {
                        return Err(
                            data.error(Problem::Unsupported { what: "a client certificate" })
                        );
                    }
                    other => return Err(data.invalid("ENCRYPTION", other)),
                });
            }
            INSTANCE => self.instance = Some(data.rest().to_vec()),
            // Empty in a server's, and in some clients'.
            THREAD_ID if data.is_empty() => {}
            THREAD_ID => self.thread_id = Some(data.u32()?),
            MARS if data.is_empty() => {}
            MARS => self.mars = Some(data.u8()? != 0),
            // Empty in a server's, and in some clients'.
            TRACE_ID if data.is_empty() => {}
            TRACE_ID => self.trace_id = Some(data.array()?),
            FED_AUTH_REQUIRED if data.is_empty() => {}
            FED_AUTH_REQUIRED => self.fed_auth_required = Some(data.u8()?),
            NONCE => self.nonce = Some(data.array()?),
            _ => {
                data.rest();
            }
        }
        data.end()
    }

    /// The payload of a PRELOGIN message with the options that are present, in the order
    /// of their numbers: VERSION must be the first.
    ///
    /// `instance` is cut at 255 bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
        if let Some(version) = self.version {
            let mut data = vec![version.major, version.minor];
            data.extend_from_slice(&version.build.to_be_bytes());
            data.extend_from_slice(&version.sub_build.to_le_bytes());
            options.push((VERSION, data));
        }
        if let Some(encryption) = self.encryption {
            options.push((ENCRYPTION, vec![encryption as u8]));
        }
        if let Some(instance) = &self.instance {
            options.push((INSTANCE, instance[..instance.len().min(255)].to_vec()));
        }
        if let Some(thread_id) = self.thread_id {
            options.push((THREAD_ID, thread_id.to_le_bytes().to_vec()));
        }
        if let Some(mars) = self.mars {
            options.push((MARS, vec![mars.into()]));
        }
        if let Some(trace_id) = self.trace_id {
            options.push((TRACE_ID, trace_id.to_vec()));
        }
        if let Some(required) = self.fed_auth_required {
            options.push((FED_AUTH_REQUIRED, vec![required]));
        }
        if let Some(nonce) = self.nonce {
            options.push((NONCE, nonce.to_vec()));
        }
        let mut payload = Vec::new();
        // Eight options of at most 255 bytes: offsets stay far below 65536.
        let mut offset = (options.len() * 5 + 1) as u16;
        for (token, data) in &options {
            let length = data.len() as u16;
            payload.push(*token);
            payload.extend_from_slice(&offset.to_be_bytes());
            payload.extend_from_slice(&length.to_be_bytes());
            offset += length;
        }
        payload.push(TERMINATOR);
        for (_, data) in options {
            payload.extend_from_slice(&data);
        }
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The PRELOGIN request of [MS-TDS] 4.1, without its packet header.
    const REQUEST: [u8; 39] = [
        0x00, 0x00, 0x1a, 0x00, 0x06, 0x01, 0x00, 0x20, 0x00, 0x01, 0x02, 0x00, 0x21, 0x00, 0x01,
        0x03, 0x00, 0x22, 0x00, 0x04, 0x04, 0x00, 0x26, 0x00, 0x01, 0xff, 0x09, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x01, 0x00, 0xb8, 0x0d, 0x00, 0x00, 0x01,
    ];

    #[test]
    fn the_example_of_the_specification() {
        let prelogin = Prelogin::decode(&REQUEST).unwrap();
        let expected = Prelogin {
            version: Some(Version { major: 9, ..Version::default() }),
            encryption: Some(Encryption::On),
            instance: Some(vec![0]),
            thread_id: Some(0xdb8),
            mars: Some(true),
            ..Prelogin::default()
        };
        assert_eq!(prelogin, expected);
        assert_eq!(prelogin.encode(), REQUEST);
    }

    #[test]
    fn all_options_come_back() {
        let prelogin = Prelogin {
            version: Some(Version { major: 16, minor: 1, build: 1000, sub_build: 2 }),
            encryption: Some(Encryption::Required),
            instance: Some(b"MSSQLServer\0".to_vec()),
            thread_id: Some(7),
            mars: Some(false),
            trace_id: Some([5; 36]),
            fed_auth_required: Some(1),
            nonce: Some([9; 32]),
        };
        assert_eq!(Prelogin::decode(&prelogin.encode()).unwrap(), prelogin);
    }

    #[test]
    fn unknown_and_empty_options_are_skipped() {
        let payload = [
            0x42, 0, 26, 0, 2, 3, 0, 28, 0, 0, 5, 0, 28, 0, 0, 4, 0, 28, 0, 0, 6, 0, 28, 0, 0,
            0xff, 1, 2,
        ];
        assert_eq!(Prelogin::decode(&payload).unwrap(), Prelogin::default());
    }

    #[test]
    fn options_outside_the_message_or_of_wrong_length_are_refused() {
        assert!(Prelogin::decode(&[]).is_err(), "no terminator");
        assert!(Prelogin::decode(&[1, 0, 7, 0, 1, 0xff]).is_err(), "beyond the end");
        assert!(Prelogin::decode(&[1, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(Prelogin::decode(&[1, 0, 6, 0, 2, 0xff, 1, 1]).is_err(), "two bytes");
        assert!(Prelogin::decode(&[1, 0, 6, 0, 1, 0xff, 4]).is_err(), "no such value");
        let error = Prelogin::decode(&[1, 0, 6, 0, 1, 0xff, 0x81]).unwrap_err();
        assert!(error.is_unsupported());
    }

    #[test]
    fn encryption_is_settled_by_the_table() {
        use Encryption::*;
        for (client, supported, required) in [
            (Some(Off), (Negotiated::LoginOnly, Off), (Negotiated::All, Required)),
            (Some(On), (Negotiated::All, On), (Negotiated::All, On)),
            (Some(Required), (Negotiated::All, On), (Negotiated::All, On)),
            (Some(NotSupported), (Negotiated::None, NotSupported), (Negotiated::Refuse, Required)),
            (None, (Negotiated::None, NotSupported), (Negotiated::Refuse, Required)),
        ] {
            assert_eq!(negotiate(client, EncryptionPolicy::Supported), supported, "{client:?}");
            assert_eq!(negotiate(client, EncryptionPolicy::Required), required, "{client:?}");
        }
    }
}
