//! LOGIN7 as a client writes it, [MS-TDS] 2.2.6.4.

use zeroize::Zeroizing;

use crate::{
    error::{Problem, ProtocolError},
    login::{Login, feature},
    utf16,
};

const ELEMENT: &str = "LOGIN7";

/// Bytes before the first text: the fixed fields, and the list of offsets and lengths.
const DATA: usize = 94;
/// The most code units of a field; SQL Server takes no longer ones ([MS-TDS] 2.2.6.4).
const MAX_TEXT: usize = 128;
/// The same for the file of a database.
const MAX_FILE: usize = 260;

const CHANGE_PASSWORD: u8 = 0x01;
const HAS_EXTENSION: u8 = 0x10;
const INTEGRATED_SECURITY: u8 = 0x80;

/// The list of offsets and lengths, and the data that it points into.
struct Fields {
    list: Zeroizing<Vec<u8>>,
    data: Zeroizing<Vec<u8>>,
}

// === impl Login ===

impl Login {
    /// The payload of a LOGIN7 message with these fields. Integrated authentication is never
    /// asked for.
    ///
    /// # Errors
    /// When a field is longer than a server takes.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
        let mut fields = Fields::new();
        fields.text(&self.host_name, MAX_TEXT)?;
        fields.text(&self.user_name, MAX_TEXT)?;
        fields.password(self.password.expose())?;
        fields.text(&self.app_name, MAX_TEXT)?;
        fields.text(&self.server_name, MAX_TEXT)?;
        // The list of features comes last; here stands where its offset is.
        let extension = (!self.features.is_empty()).then(|| fields.reserve(4));
        if extension.is_none() {
            fields.entry(0);
        }
        fields.text(&self.library, MAX_TEXT)?;
        fields.text(&self.language, MAX_TEXT)?;
        fields.text(&self.database, MAX_TEXT)?;
        fields.list.extend_from_slice(&self.client_id);
        // SSPI
        fields.entry(0);
        fields.text(&self.attach_file, MAX_FILE)?;
        fields.password(self.new_password.expose())?;
        // cbSSPILong
        fields.list.extend_from_slice(&[0; 4]);
        if let Some(at) = extension {
            let offset = (DATA + fields.data.len()) as u32;
            fields.data[at..at + 4].copy_from_slice(&offset.to_le_bytes());
            self.features(&mut fields.data);
        }

        let mut flags = self.flags;
        flags.option2 &= !INTEGRATED_SECURITY;
        flags.option3 &= !(CHANGE_PASSWORD | HAS_EXTENSION);
        if !self.features.is_empty() {
            flags.option3 |= HAS_EXTENSION;
        }
        if !self.new_password.expose().is_empty() {
            flags.option3 |= CHANGE_PASSWORD;
        }
        // Never grows beyond this, so that no copy of the password stays behind.
        let length = DATA + fields.data.len();
        let mut payload = Zeroizing::new(Vec::with_capacity(length));
        payload.extend_from_slice(&(length as u32).to_le_bytes());
        payload.extend_from_slice(&self.tds_version.0.to_le_bytes());
        payload.extend_from_slice(&self.packet_size.to_le_bytes());
        payload.extend_from_slice(&self.client_version.to_le_bytes());
        payload.extend_from_slice(&self.client_pid.to_le_bytes());
        // ConnectionID, of which servers make nothing.
        payload.extend_from_slice(&[0; 4]);
        payload.extend_from_slice(&[flags.option1, flags.option2, flags.types, flags.option3]);
        payload.extend_from_slice(&self.time_zone.to_le_bytes());
        payload.extend_from_slice(&self.client_lcid.to_le_bytes());
        payload.extend_from_slice(&fields.list);
        debug_assert_eq!(payload.len(), DATA);
        payload.extend_from_slice(&fields.data);
        Ok(payload)
    }

    fn features(&self, out: &mut Vec<u8>) {
        for one in &self.features {
            out.push(one.id);
            out.extend_from_slice(&(one.data.len() as u32).to_le_bytes());
            out.extend_from_slice(&one.data);
        }
        out.push(feature::TERMINATOR);
    }
}

// === impl Fields ===

impl Fields {
    fn new() -> Self {
        // Two passwords and eight other texts: it never moves before the features, which hold
        // no secret, so that no copy of a password stays behind.
        let most = 2 * (9 * MAX_TEXT + MAX_FILE) + 4;
        Self { list: Zeroizing::default(), data: Zeroizing::new(Vec::with_capacity(most)) }
    }

    /// An entry of the list, for `length` units from the end of the data so far.
    fn entry(&mut self, length: usize) {
        // Fits: the texts before it take less than 4 KiB.
        let offset = (DATA + self.data.len()) as u16;
        self.list.extend_from_slice(&offset.to_le_bytes());
        self.list.extend_from_slice(&(length as u16).to_le_bytes());
    }

    fn text(&mut self, text: &str, most: usize) -> Result<(), ProtocolError> {
        let units = text.encode_utf16().count();
        if units > most {
            let problem =
                Problem::TooLong { what: "field", length: units as u64, limit: most as u64 };
            return Err(ProtocolError::new(ELEMENT, DATA + self.data.len(), problem));
        }
        self.entry(units);
        utf16::encode(&mut self.data, text);
        Ok(())
    }

    /// A text of which each byte has its halves swapped and then the bits of 0xA5 flipped.
    fn password(&mut self, password: &str) -> Result<(), ProtocolError> {
        let start = self.data.len();
        self.text(password, MAX_TEXT)?;
        for byte in &mut self.data[start..] {
            *byte = byte.rotate_left(4) ^ 0xa5;
        }
        Ok(())
    }

    /// Room for `length` bytes, and an entry for them; returns where in the data they are.
    fn reserve(&mut self, length: usize) -> usize {
        self.entry(length);
        let at = self.data.len();
        self.data.resize(at + length, 0);
        at
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        login::{Feature, Login, LoginFlags},
        password::Password,
        version::TdsVersion,
    };

    fn login() -> Login {
        Login {
            tds_version: TdsVersion::V7_4,
            packet_size: 8000,
            client_version: 7,
            client_pid: 42,
            time_zone: -60,
            client_lcid: 0x409,
            flags: LoginFlags { option1: 0xe0, option2: 0x03, types: 0x20, option3: 0x10 },
            host_name: "host".to_owned(),
            user_name: "üser".to_owned(),
            password: Password::from("p𝄞ss".to_owned()),
            app_name: "app".to_owned(),
            server_name: "server,1433".to_owned(),
            library: "library".to_owned(),
            language: "Deutsch".to_owned(),
            database: "db".to_owned(),
            client_id: [1, 2, 3, 4, 5, 6],
            attach_file: String::new(),
            has_sspi: false,
            new_password: Password::default(),
            features: vec![Feature { id: 0x0a, data: vec![1] }, Feature { id: 1, data: vec![] }],
        }
    }

    #[test]
    fn a_login_comes_back() {
        let login = login();
        assert_eq!(Login::decode(&login.encode().unwrap()).unwrap(), login);
        let mut bare = Login { features: Vec::new(), ..login };
        bare.flags.option3 = 0;
        assert_eq!(Login::decode(&bare.encode().unwrap()).unwrap(), bare);
        bare.new_password = Password::from("new".to_owned());
        let read = Login::decode(&bare.encode().unwrap()).unwrap();
        assert!(read.flags.change_password());
        assert_eq!(read.new_password.expose(), "new");
    }

    #[test]
    fn integrated_authentication_is_never_asked_for() {
        let mut asking = login();
        asking.flags.option2 |= 0x80;
        assert!(!Login::decode(&asking.encode().unwrap()).unwrap().has_sspi);
    }

    #[test]
    fn long_fields_are_refused() {
        let long = Login { database: "x".repeat(129), ..login() };
        assert!(long.encode().unwrap_err().to_string().contains("field of 129"));
    }
}
